/** Length of the longer side, in pixels of the canvas. The server scales the picture down to the size that the model takes. */
const CANVAS_SIZE = 280;
/** In pixels of the model's input. */
const PEN_WIDTH = 2;

/**
 * Adds a canvas to draw on to `pad`.
 *
 * @param onDrawn called with the picture, as a PNG blob, after each line
 */
export function setUpPad(pad, onDrawn) {
  const [width, height] = [Number(pad.dataset.width), Number(pad.dataset.height)];
  const scale = Math.ceil(CANVAS_SIZE / Math.max(width, height));
  const canvas = Object.assign(document.createElement('canvas'), { width: width * scale, height: height * scale });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', 'Drawing pad');
  const context = canvas.getContext('2d');
  Object.assign(context, { lineWidth: PEN_WIDTH * scale, lineCap: 'round', lineJoin: 'round', strokeStyle: '#1a1a1a' });
  clear(context);
  drawWithPointer(canvas, context, () => canvas.toBlob(onDrawn));
  const hint = Object.assign(document.createElement('p'), { textContent: 'Draw here; each line gives a prediction.' });
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Clear' });
  button.className = 'button quiet small';
  button.addEventListener('click', () => clear(context));
  pad.append(hint, canvas, button);
  pad.hidden = false;
}

function clear(context) {
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
}

/** Draws with a finger, a pen, or the main button of a mouse. */
function drawWithPointer(canvas, context, onLine) {
  const positionOf = ({ offsetX, offsetY }) => [
    (offsetX * canvas.width) / canvas.clientWidth,
    (offsetY * canvas.height) / canvas.clientHeight,
  ];
  canvas.addEventListener('pointerdown', (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    context.beginPath();
    context.moveTo(...positionOf(event));
    context.lineTo(...positionOf(event));
    context.stroke();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    context.lineTo(...positionOf(event));
    context.stroke();
  });
  canvas.addEventListener('pointerup', (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) onLine();
  });
}
