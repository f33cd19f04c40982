/**
 * Submits the file of `form` as a job, and shows its progress in `container`.
 *
 * @param onError called with an error message
 */
export async function startJob(form, url, container, onError) {
  container.replaceChildren(card('Sending the file …', progressBar('Sending')));
  const job = await submit(form, url).catch(() => ({ detail: 'The server did not respond. Try again.' }));
  if (job.id === undefined) {
    container.replaceChildren();
    onError([job.detail, ...(job.errors ?? []).map(({ message }) => message)].join(' '));
    return;
  }
  followProgress(job, container);
}

async function submit(form, url) {
  const response = await fetch(url, {
    method: 'POST',
    body: new FormData(form),
    headers: { Accept: 'application/json' },
  });
  return response.json();
}

function followProgress(submitted, container) {
  const status = text('p', describeProgress(submitted));
  // Screen readers announce only the end, not each step.
  status.setAttribute('aria-live', 'off');
  const progress = progressBar('Progress');
  const cancel = text('button', 'Cancel');
  cancel.type = 'button';
  cancel.className = 'button quiet small';
  // Not DELETE, which would delete a job that has just ended, with its result.
  cancel.addEventListener(
    'click',
    () => void fetch(`/account/jobs/${submitted.id}/cancel`, { method: 'POST', redirect: 'manual' }),
  );
  container.replaceChildren(card('In the background', status, progress, cancel));
  const events = new EventSource(`/jobs/${submitted.id}/events`);
  events.addEventListener('progress', ({ data }) => {
    const job = JSON.parse(data);
    status.textContent = describeProgress(job);
    Object.assign(progress, { max: Math.max(1, job.progress.total), value: job.progress.done });
    if (job.status === 'queued' || job.status === 'running') return;
    events.close();
    container.replaceChildren(renderResult(job));
  });
  events.addEventListener('error', () => {
    if (events.readyState === EventSource.CLOSED)
      status.textContent = 'The job is running; your account shows its progress.';
  });
}

function describeProgress({ status, progress: { done, total } }) {
  return status === 'queued' ? 'The job is queued.' : `${done} of ${total} rows`;
}

function renderResult({ id, status, progress, error }) {
  if (status !== 'succeeded') return card(status === 'failed' ? error.detail : 'The job was cancelled.');
  const links = document.createElement('p');
  links.append(
    link(`/jobs/${id}/result?format=csv`, 'Download as CSV'),
    ' or ',
    link(`/jobs/${id}/result`, 'as JSON lines'),
  );
  const errors = progress.errors > 0 ? `, ${progress.errors} of them with an error` : '';
  return card(`${progress.done} rows are predicted${errors}.`, links);
}

function card(title, ...content) {
  const element = document.createElement('div');
  element.className = 'answer';
  element.append(text('h3', title), ...content);
  return element;
}

function progressBar(label) {
  const progress = document.createElement('progress');
  progress.setAttribute('aria-label', label);
  return progress;
}

function link(url, content) {
  return Object.assign(text('a', content), { href: url });
}

function text(tagName, content) {
  return Object.assign(document.createElement(tagName), { textContent: content });
}
