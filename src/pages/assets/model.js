// A model's page without reloads. What it says is made by the server, with this and without; only the pad for drawing needs it.
const forms = new WeakMap();

for (const form of document.querySelectorAll('form[data-live]')) form.addEventListener('submit', onSubmit);
for (const pad of document.querySelectorAll('.pad')) prepare(pad);

function onSubmit(event) {
  // A button with a name asks for a download: browsers do that by themselves.
  if (event.submitter?.name) return;
  event.preventDefault();
  void ask(event.currentTarget, new FormData(event.currentTarget));
}

/** Sends what a form was filled in with, or something else in its place; only the last answer counts. */
async function ask(form, data) {
  forms.get(form)?.abort();
  const pending = new AbortController();
  forms.set(form, pending);
  form.setAttribute('aria-busy', 'true');
  try {
    const body = form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data);
    const answer = await fetch(form.action, {
      method: 'POST',
      body,
      headers: { Accept: 'text/html' },
      signal: pending.signal,
    });
    const text = await answer.text();
    if (isPage(answer)) show(form, new DOMParser().parseFromString(text, 'text/html'));
    else complain(form, detailIn(text));
  } catch {
    if (!pending.signal.aborted) complain(form, 'There was no answer. Try again.');
  } finally {
    if (forms.get(form) === pending) form.removeAttribute('aria-busy');
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
  const name = form.dataset.live;
  if (!next.getElementById(`${name}-answer`)) {
    // It is no longer to be asked: the page says why.
    document.querySelector('main').replaceWith(next.querySelector('main'));
    return;
  }
  for (const part of ['problem', 'answer']) {
    const now = document.getElementById(`${name}-${part}`);
    now.replaceChildren(...next.getElementById(now.id).childNodes);
  }
  document.title = next.title;
  takeFields(form, next);
  const problem = document.querySelector(`#${name}-problem .error-summary`);
  if (problem) problem.focus();
  else document.getElementById('result')?.scrollIntoView({ block: 'nearest' });
}

/** The fields as they are now: with what was filled in, and what is wrong with it. */
function takeFields(form, next) {
  // A file that was chosen cannot be put in again.
  if (form.enctype === 'multipart/form-data') return;
  const focused = document.activeElement?.id;
  const fields = next.querySelectorAll(`#${form.id} .field`);
  form.querySelectorAll('.field').forEach((field, index) => field.replaceWith(fields[index]));
  if (focused) document.getElementById(focused)?.focus();
}

function complain(form, text) {
  const name = form.dataset.live;
  const message = document.createElement('p');
  message.className = 'notice bad';
  message.setAttribute('role', 'alert');
  message.textContent = text;
  document.getElementById(`${name}-answer`).replaceChildren();
  document.getElementById(`${name}-problem`).replaceChildren(message);
}

/** Makes a place to draw what the model is shown. */
function prepare(pad) {
  const form = document.getElementById('ask');
  const [width, height] = [Number(pad.dataset.width), Number(pad.dataset.height)];
  // Many of our pixels for each of the model's: it is the server that makes it small.
  const scale = Math.ceil(280 / Math.max(width, height));
  const canvas = Object.assign(document.createElement('canvas'), { width: width * scale, height: height * scale });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', 'Drawing pad');
  const paper = canvas.getContext('2d');
  Object.assign(paper, { lineWidth: 1.6 * scale, lineCap: 'round', lineJoin: 'round', strokeStyle: pad.dataset.ink });
  const clear = () => {
    paper.fillStyle = pad.dataset.paper;
    paper.fillRect(0, 0, canvas.width, canvas.height);
  };
  const send = () => {
    canvas.toBlob((blob) => {
      const data = new FormData();
      data.set('file', blob, 'drawing.png');
      void ask(form, data);
    });
  };
  clear();
  draw(canvas, paper, send);
  const words = Object.assign(document.createElement('p'), { textContent: 'Draw here; it is answered as you do.' });
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Clear' });
  button.className = 'button quiet small';
  button.addEventListener('click', clear);
  pad.append(words, canvas, button);
  pad.hidden = false;
}

/** Lines follow whatever points: a finger, a pen, a mouse with its main button. */
function draw(canvas, paper, done) {
  const at = (event) => [
    (event.offsetX * canvas.width) / canvas.clientWidth,
    (event.offsetY * canvas.height) / canvas.clientHeight,
  ];
  canvas.addEventListener('pointerdown', (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    paper.beginPath();
    paper.moveTo(...at(event));
    paper.lineTo(...at(event));
    paper.stroke();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    paper.lineTo(...at(event));
    paper.stroke();
  });
  canvas.addEventListener('pointerup', (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) done();
  });
}
