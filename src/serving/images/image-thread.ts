import { Worker } from 'node:worker_threads';
import { SOURCE_ROOT } from '../../platform/config/index.js';
import type { DecodeTask } from './decode-image.js';
import type { DecodeAnswer } from './image.worker.js';
import { InvalidImageError } from './invalid-image.error.js';

const PROGRAM = new URL('serving/images/image.worker.js', SOURCE_ROOT);

interface Pending {
  resolve(values: Float32Array): void;
  reject(error: Error): void;
}

/** A worker thread that decodes one image at a time: of a large one this takes a tenth of a second of computing. */
export class ImageThread {
  hasEnded = false;
  private readonly worker = new Worker(PROGRAM);
  private pending: Pending | undefined;

  constructor() {
    this.worker.on('message', (answer: DecodeAnswer) => this.receive(answer));
    this.worker.on('error', (error) => this.end(error));
    this.worker.on('exit', () => this.end(new Error('The thread that decodes images has ended')));
    this.worker.unref();
  }

  /** @throws InvalidImageError, or what made the thread fail */
  decode(task: DecodeTask): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.pending = { resolve, reject };
      // A thread keeps the process alive while it works, and only then.
      this.worker.ref();
      // A copy: to send a part of an upload would send all of it.
      const file = new Uint8Array(task.file);
      this.worker.postMessage({ ...task, file }, task.into ? [file.buffer, task.into] : [file.buffer]);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private receive(answer: DecodeAnswer): void {
    const pending = this.pending;
    this.pending = undefined;
    this.worker.unref();
    if ('values' in answer) pending?.resolve(answer.values);
    else pending?.reject(answer.isInvalidImage ? new InvalidImageError(answer.message) : new Error(answer.message));
  }

  private end(error: Error): void {
    this.hasEnded = true;
    this.pending?.reject(error);
    this.pending = undefined;
  }
}
