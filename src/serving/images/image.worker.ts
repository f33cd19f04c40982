import { parentPort } from 'node:worker_threads';
import { decodeImage, type DecodeTask } from './decode-image.js';
import { InvalidImageError } from './invalid-image.error.js';

/** What the thread sends for each task. */
export type DecodeAnswer =
  { readonly values: Float32Array } | { readonly message: string; readonly isInvalidImage: boolean };

/** The program of a thread that decodes images, one task after another. */
parentPort?.on('message', (task: DecodeTask) => void answer(task));

async function answer(task: DecodeTask): Promise<void> {
  try {
    const values = await decodeImage(task);
    send({ values }, [values.buffer as ArrayBuffer]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({ message, isInvalidImage: error instanceof InvalidImageError });
  }
}

function send(message: DecodeAnswer, transferred: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transferred);
}
