/**
 * Sends the file of `form` to be scored in the background, and shows in `place` how far that is.
 *
 * @param complain called with what went wrong, in words
 */
export async function startJob(form, address, place, complain) {
  place.replaceChildren(card('Sending the file …', bar('Sending')));
  const job = await send(form, address).catch(() => ({ detail: 'There was no answer. Try again.' }));
  if (job.id === undefined) {
    place.replaceChildren();
    complain([job.detail, ...(job.errors ?? []).map(({ message }) => message)].join(' '));
    return;
  }
  follow(job, place);
}

async function send(form, address) {
  const answer = await fetch(address, {
    method: 'POST',
    body: new FormData(form),
    headers: { Accept: 'application/json' },
  });
  return answer.json();
}

function follow(first, place) {
  const words = text('p', wordsFor(first));
  // Said once it is over: nobody wants to hear each step.
  words.setAttribute('aria-live', 'off');
  const progress = bar('How far it is');
  const cancel = text('button', 'Cancel');
  cancel.type = 'button';
  cancel.className = 'button quiet small';
  // Not DELETE: a job that has just ended would go, with its result.
  cancel.addEventListener(
    'click',
    () => void fetch(`/account/jobs/${first.id}/cancel`, { method: 'POST', redirect: 'manual' }),
  );
  place.replaceChildren(card('In the background', words, progress, cancel));
  const events = new EventSource(`/jobs/${first.id}/events`);
  events.addEventListener('progress', ({ data }) => {
    const job = JSON.parse(data);
    words.textContent = wordsFor(job);
    Object.assign(progress, { max: Math.max(1, job.progress.total), value: job.progress.done });
    if (job.status === 'queued' || job.status === 'running') return;
    events.close();
    place.replaceChildren(...over(job));
  });
  events.addEventListener('error', () => {
    if (events.readyState === EventSource.CLOSED) words.textContent = 'It goes on; your account shows how far it is.';
  });
}

function wordsFor({ status, progress: { done, total } }) {
  return status === 'queued' ? 'It waits for its turn.' : `${done} of ${total} rows`;
}

function over({ id, status, progress, error }) {
  if (status !== 'succeeded') return [card(status === 'failed' ? error.detail : 'It was cancelled.')];
  const links = document.createElement('p');
  links.append(
    link(`/jobs/${id}/result?format=csv`, 'Download as CSV'),
    ' or ',
    link(`/jobs/${id}/result`, 'as JSON lines'),
  );
  const errors = progress.errors > 0 ? `, ${progress.errors} of them with an error` : '';
  return [card(`${progress.done} rows are scored${errors}.`, links)];
}

function card(title, ...content) {
  const made = document.createElement('div');
  made.className = 'answer';
  made.append(text('h3', title), ...content);
  return made;
}

function bar(label) {
  const progress = document.createElement('progress');
  progress.setAttribute('aria-label', label);
  return progress;
}

function link(address, words) {
  return Object.assign(text('a', words), { href: address });
}

function text(name, words) {
  return Object.assign(document.createElement(name), { textContent: words });
}
