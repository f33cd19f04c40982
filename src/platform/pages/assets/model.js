// Submits the forms of a model's page without a reload. The server renders the page with and without this script; only the
// drawing pad and the progress of jobs need it.
import { startJob } from './model-job.js';
import { setUpPad } from './model-pad.js';

/** AbortController of the last request of each form. */
const pending = new WeakMap();

for (const form of document.querySelectorAll('form[data-live]')) form.addEventListener('submit', onSubmit);

for (const pad of document.querySelectorAll('.pad')) {
  setUpPad(pad, (picture) => {
    const data = new FormData();
    data.set('file', picture, 'drawing.png');
    void submit(document.getElementById('ask'), data);
  });
}

for (const button of document.querySelectorAll('[data-jobs]')) {
  const { form } = button;
  button.hidden = false;
  button.addEventListener('click', () => {
    if (!form.reportValidity()) return;
    outputOf(form, 'problem').replaceChildren();
    void startJob(form, button.dataset.jobs, outputOf(form, 'answer'), (message) => showError(form, message));
  });
}

function onSubmit(event) {
  // The browser handles a download.
  if (event.submitter?.value === 'csv') return;
  event.preventDefault();
  void submit(event.currentTarget, new FormData(event.currentTarget, event.submitter));
}

/** Submits the data of a form, and shows the response. Cancels the pending request of the form. */
async function submit(form, data) {
  pending.get(form)?.abort();
  const controller = new AbortController();
  pending.set(form, controller);
  form.setAttribute('aria-busy', 'true');
  try {
    const body = form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data);
    const response = await fetch(form.action, {
      method: 'POST',
      body,
      headers: { Accept: 'text/html' },
      signal: controller.signal,
    });
    const text = await response.text();
    if (isHtml(response)) show(form, new DOMParser().parseFromString(text, 'text/html'));
    else showError(form, detailOf(text));
  } catch {
    if (!controller.signal.aborted) showError(form, 'The server did not respond. Try again.');
  } finally {
    if (pending.get(form) === controller) form.removeAttribute('aria-busy');
  }
}

function isHtml(response) {
  return response.headers.get('content-type')?.startsWith('text/html') === true;
}

/** `detail` of a problem document (RFC 9457). */
function detailOf(text) {
  try {
    return JSON.parse(text).detail;
  } catch {
    return 'That did not work. Try again.';
  }
}

/** Copies the outcome of this form from the new page. */
function show(form, next) {
  if (!next.getElementById(outputOf(form, 'answer').id)) {
    // The new page has no form, but a reason for it.
    document.querySelector('main').replaceWith(next.querySelector('main'));
    return;
  }
  // The new result gets the id: it must be unique in the document.
  document.getElementById('result')?.removeAttribute('id');
  for (const part of ['problem', 'answer']) {
    const output = outputOf(form, part);
    output.replaceChildren(...next.getElementById(output.id).childNodes);
  }
  document.title = next.title;
  updateFields(form, next);
  const problem = outputOf(form, 'problem').querySelector('.error-summary');
  if (problem) problem.focus();
  else document.getElementById('result')?.scrollIntoView({ block: 'nearest' });
}

/** Replaces the fields by those of the new page, which have errors, and keeps their current values. */
function updateFields(form, next) {
  // A script cannot set the value of a file input.
  if (form.enctype === 'multipart/form-data') return;
  const focused = document.activeElement?.id;
  const fields = next.querySelectorAll(`#${form.id} .field`);
  for (const { id, value, checked } of form.elements) {
    const control = next.getElementById(id);
    if (control) Object.assign(control, { value, checked });
  }
  form.querySelectorAll('.field').forEach((field, index) => field.replaceWith(fields[index]));
  if (focused) document.getElementById(focused)?.focus();
}

/** The element for the `problem` or the `answer` of a form. */
function outputOf(form, part) {
  return document.getElementById(`${form.dataset.live}-${part}`);
}

function showError(form, message) {
  const notice = document.createElement('p');
  notice.className = 'notice bad';
  notice.setAttribute('role', 'alert');
  notice.textContent = message;
  outputOf(form, 'answer').replaceChildren();
  outputOf(form, 'problem').replaceChildren(notice);
}
