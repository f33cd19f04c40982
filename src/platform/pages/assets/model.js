// A model's page without reloads. What it says is made by the server, with this and without; only the pad for drawing and the
// progress of jobs need it.
import { startJob } from './model-job.js';
import { preparePad } from './model-pad.js';

/** What each form waits for. */
const pending = new WeakMap();

for (const form of document.querySelectorAll('form[data-live]')) form.addEventListener('submit', onSubmit);

for (const pad of document.querySelectorAll('.pad')) {
  preparePad(pad, (picture) => {
    const data = new FormData();
    data.set('file', picture, 'drawing.png');
    void ask(document.getElementById('ask'), data);
  });
}

for (const button of document.querySelectorAll('[data-jobs]')) {
  const { form } = button;
  button.hidden = false;
  button.addEventListener('click', () => {
    if (!form.reportValidity()) return;
    partOf(form, 'problem').replaceChildren();
    void startJob(form, button.dataset.jobs, partOf(form, 'answer'), (text) => complain(form, text));
  });
}

function onSubmit(event) {
  // Browsers download by themselves.
  if (event.submitter?.value === 'csv') return;
  event.preventDefault();
  void ask(event.currentTarget, new FormData(event.currentTarget, event.submitter));
}

/** Sends what a form was filled in with, or something else in its place; only the last answer counts. */
async function ask(form, data) {
  pending.get(form)?.abort();
  const waiting = new AbortController();
  pending.set(form, waiting);
  form.setAttribute('aria-busy', 'true');
  try {
    const body = form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data);
    const answer = await fetch(form.action, {
      method: 'POST',
      body,
      headers: { Accept: 'text/html' },
      signal: waiting.signal,
    });
    const text = await answer.text();
    if (isPage(answer)) show(form, new DOMParser().parseFromString(text, 'text/html'));
    else complain(form, detailIn(text));
  } catch {
    if (!waiting.signal.aborted) complain(form, 'There was no answer. Try again.');
  } finally {
    if (pending.get(form) === waiting) form.removeAttribute('aria-busy');
  }
}

function isPage(answer) {
  return answer.headers.get('content-type')?.startsWith('text/html') === true;
}

function detailIn(text) {
  try {
    return JSON.parse(text).detail;
  } catch {
    return 'That did not work. Try again.';
  }
}

/** Takes over what the new page says about this form. */
function show(form, next) {
  if (!next.getElementById(partOf(form, 'answer').id)) {
    // It is no longer to be asked: the page says why.
    document.querySelector('main').replaceWith(next.querySelector('main'));
    return;
  }
  // There is one result, and this is it.
  document.getElementById('result')?.removeAttribute('id');
  for (const part of ['problem', 'answer']) {
    const now = partOf(form, part);
    now.replaceChildren(...next.getElementById(now.id).childNodes);
  }
  document.title = next.title;
  takeFields(form, next);
  const problem = partOf(form, 'problem').querySelector('.error-summary');
  if (problem) problem.focus();
  else document.getElementById('result')?.scrollIntoView({ block: 'nearest' });
}

/** The fields with what is wrong with them, and with what is filled in by now. */
function takeFields(form, next) {
  // A file that was chosen cannot be put in again.
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

/** Where the page says what is wrong with a form's input, or what the answer is. */
function partOf(form, part) {
  return document.getElementById(`${form.dataset.live}-${part}`);
}

function complain(form, text) {
  const message = document.createElement('p');
  message.className = 'notice bad';
  message.setAttribute('role', 'alert');
  message.textContent = text;
  partOf(form, 'answer').replaceChildren();
  partOf(form, 'problem').replaceChildren(message);
}
