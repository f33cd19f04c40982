/** In pixels of the pad, along its longer side: many of them for each of the model's; it is the server that makes it small. */
const SIDE = 280;
/** In pixels of the model. */
const PEN = 2;

/**
 * Makes a place to draw in `pad`.
 *
 * @param done called with the picture after each line
 */
export function preparePad(pad, done) {
  const [width, height] = [Number(pad.dataset.width), Number(pad.dataset.height)];
  const scale = Math.ceil(SIDE / Math.max(width, height));
  const canvas = Object.assign(document.createElement('canvas'), { width: width * scale, height: height * scale });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', 'Drawing pad');
  const paper = canvas.getContext('2d');
  Object.assign(paper, { lineWidth: PEN * scale, lineCap: 'round', lineJoin: 'round', strokeStyle: '#1a1a1a' });
  clear(paper);
  followPointer(canvas, paper, () => canvas.toBlob(done));
  const words = Object.assign(document.createElement('p'), { textContent: 'Draw here; each line is answered.' });
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Clear' });
  button.className = 'button quiet small';
  button.addEventListener('click', () => clear(paper));
  pad.append(words, canvas, button);
  pad.hidden = false;
}

function clear(paper) {
  paper.fillStyle = '#ffffff';
  paper.fillRect(0, 0, paper.canvas.width, paper.canvas.height);
}

/** Draws with whatever points: a finger, a pen, a mouse with its main button. */
function followPointer(canvas, paper, done) {
  const at = ({ offsetX, offsetY }) => [
    (offsetX * canvas.width) / canvas.clientWidth,
    (offsetY * canvas.height) / canvas.clientHeight,
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
