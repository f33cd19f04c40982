import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ConcurrencyLimiter } from '../../platform/async/index.js';
import { imageTypeOf } from '../../platform/http/index.js';
import { ClientGoneError, DeadlineError, ImageDecoderBusyError } from '../serving.errors.js';
import { ServingSettings } from '../serving.settings.js';
import type { TimedCaller } from '../caller.js';
import type { DecodeTask } from './decode-image.js';
import { type ImageHeader, readImageHeader } from './image-header.js';
import type { ImageInput } from './image-input.js';
import { ImageThread } from './image-thread.js';
import { InvalidImageError, UNDECODABLE } from './invalid-image.error.js';
import { openSharp } from './open-sharp.js';
import { SpareBuffers } from './spare-buffers.js';

/** Larger images are decoded one at a time, because each takes some hundred megabytes. */
const LARGE_PIXELS = 8_000_000;

function bytesOf({ width, height, channels }: ImageInput): number {
  return width * height * channels * Float32Array.BYTES_PER_ELEMENT;
}

/** Decodes PNG, JPEG and WebP files to the values of a model's input, in threads and with limited concurrency. */
@Injectable()
export class ImageDecoder implements OnApplicationShutdown {
  private readonly limiter: ConcurrencyLimiter;
  private readonly largeLimiter: ConcurrencyLimiter;
  private readonly maxPixels: number;
  /** One for each image that is decoded at a time; made when they are needed. */
  private readonly threads = new Set<ImageThread>();
  private readonly idle: ImageThread[] = [];
  private readonly spare = new SpareBuffers();

  constructor({ images }: ServingSettings) {
    const { maxPixels, concurrency, maxQueued } = images;
    this.maxPixels = maxPixels;
    const overflowError = (): Error => new ImageDecoderBusyError();
    this.limiter = new ConcurrencyLimiter({ concurrency, maxQueued, overflowError });
    this.largeLimiter = new ConcurrencyLimiter({ concurrency: 1, maxQueued, overflowError });
  }

  /**
   * Decodes, resizes and normalizes an image.
   *
   * @returns the values in the layout of `input`
   * @throws InvalidImageError, ImageDecoderBusyError, DeadlineError, ClientGoneError
   */
  async decode(file: Buffer, input: ImageInput, { signal, deadline }: TimedCaller): Promise<Float32Array> {
    const header = this.requireHeader(file);
    const requireWaiting = (): void => {
      if (signal?.aborted) throw new ClientGoneError();
      if (performance.now() >= deadline) throw new DeadlineError();
    };
    await openSharp();
    const decode = (): Promise<Float32Array> =>
      this.limiter.run(async () => {
        requireWaiting();
        const seconds = Math.max(1, Math.ceil((deadline - performance.now()) / 1_000));
        try {
          return await this.decodeInThread({ file, header, input, seconds, into: this.spare.take(bytesOf(input)) });
        } catch (error) {
          requireWaiting();
          throw error;
        }
      });
    return header.width * header.height > LARGE_PIXELS ? this.largeLimiter.run(decode) : decode();
  }

  /** Takes back the memory of a decoded image, whose values become empty. Only for values that nobody uses any more. */
  recycle({ buffer }: Float32Array): void {
    this.spare.give(buffer as ArrayBuffer);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.threads].map((thread) => thread.close()));
  }

  private async decodeInThread(task: DecodeTask): Promise<Float32Array> {
    const thread = this.idle.pop() ?? new ImageThread();
    this.threads.add(thread);
    try {
      return await thread.decode(task);
    } finally {
      if (thread.hasEnded) this.threads.delete(thread);
      else this.idle.push(thread);
    }
  }

  /** Checks all that the first bytes tell. */
  private requireHeader(file: Buffer): ImageHeader {
    if (file.length === 0) throw new InvalidImageError('is empty; it must be a PNG, JPEG or WebP image');
    const type = imageTypeOf(file);
    if (!type) throw new InvalidImageError('must be a PNG, JPEG or WebP image');
    const header = readImageHeader(file, type);
    if (!header) throw new InvalidImageError(UNDECODABLE);
    const { width, height } = header;
    if (width * height <= this.maxPixels) return header;
    throw new InvalidImageError(`has ${width} × ${height} pixels; at most ${this.maxPixels} altogether are taken`);
  }
}
