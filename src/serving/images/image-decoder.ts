import { Injectable } from '@nestjs/common';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { ConcurrencyLimiter } from '../../platform/async/index.js';
import { ClientGoneError, DeadlineError, ImageDecoderBusyError } from '../serving.errors.js';
import { ServingSettings } from '../serving.settings.js';
import type { TimedCaller } from '../caller.js';
import { type ImageInput, normalizePixels } from './image-input.js';
import { stripPng } from './strip-png.js';

/** The file is not an acceptable image. The message continues a sentence that begins with the name of the file. */
export class InvalidImageError extends Error {}

type OpenImage = (bytes: Buffer, options: SharpOptions) => Sharp;

type ImageType = 'png' | 'jpeg' | 'webp';

const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const JPEG_SIGNATURE = Buffer.from([0xff, 0xd8, 0xff]);
/** Of the dozens of formats that libvips loads, some by external programs, only these are allowed. */
const LOADERS = ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'];
/** The colour behind transparent pixels. */
const BACKGROUND = '#ffffff';

/** Decodes PNG, JPEG and WebP files to the values of a model's input, in threads and with limited concurrency. */
@Injectable()
export class ImageDecoder {
  private readonly limiter: ConcurrencyLimiter;
  private readonly maxPixels: number;
  private sharp: Promise<OpenImage> | undefined;

  constructor({ images }: ServingSettings) {
    const { maxPixels, concurrency, maxQueued } = images;
    this.maxPixels = maxPixels;
    const overflowError = (): Error => new ImageDecoderBusyError();
    this.limiter = new ConcurrencyLimiter({ concurrency, maxQueued, overflowError });
  }

  /**
   * Decodes, resizes and normalizes an image.
   *
   * @returns the values in the layout of `input`
   * @throws InvalidImageError, ImageDecoderBusyError, DeadlineError, ClientGoneError
   */
  async decode(file: Buffer, input: ImageInput, { signal, deadline }: TimedCaller): Promise<Float32Array> {
    const bytes = requireImage(file);
    const requireWaiting = (): void => {
      if (signal?.aborted) throw new ClientGoneError();
      if (performance.now() >= deadline) throw new DeadlineError();
    };
    this.sharp ??= loadSharp();
    const open = await this.sharp;
    return this.limiter.run(async () => {
      requireWaiting();
      try {
        return normalizePixels(await this.pixelsOf(open, bytes, input, deadline), input);
      } catch (error) {
        requireWaiting();
        if (error instanceof InvalidImageError) throw error;
        throw new InvalidImageError('is damaged: it could not be decoded as a whole', { cause: error });
      }
    });
  }

  private async pixelsOf(open: OpenImage, bytes: Buffer, input: ImageInput, deadline: number): Promise<Buffer> {
    const options: SharpOptions = { autoOrient: true, failOn: 'error', pages: 1 };
    this.requireMaxPixels(await open(bytes, { ...options, limitInputPixels: false }).metadata());
    const { width, height, fit } = input;
    const image = open(bytes, { ...options, limitInputPixels: this.maxPixels })
      .timeout({ seconds: Math.max(1, Math.ceil((deadline - performance.now()) / 1_000)) })
      .flatten({ background: BACKGROUND })
      .resize({ width, height, fit, kernel: 'linear', fastShrinkOnLoad: false })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' });
    return image.toBuffer();
  }

  private requireMaxPixels({ width, height }: Metadata): void {
    if (width * height <= this.maxPixels) return;
    throw new InvalidImageError(`has ${width} × ${height} pixels; at most ${this.maxPixels} altogether are taken`);
  }
}

/** Detects the type of a file by its content, because name and media type may be wrong. Returns the bytes to decode. */
function requireImage(file: Buffer): Buffer {
  if (file.length === 0) throw new InvalidImageError('is empty; it must be a PNG, JPEG or WebP image');
  const type = imageTypeOf(file);
  if (!type) throw new InvalidImageError('must be a PNG, JPEG or WebP image');
  const bytes = type === 'png' ? stripPng(file) : file;
  if (!bytes) throw new InvalidImageError('is damaged: it could not be read as a whole');
  return bytes;
}

function imageTypeOf(file: Buffer): ImageType | undefined {
  if (file.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)) return 'png';
  if (file.subarray(0, JPEG_SIGNATURE.length).equals(JPEG_SIGNATURE)) return 'jpeg';
  const isWebp = file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WEBP';
  return isWebp ? 'webp' : undefined;
}

/** Loads sharp on first use, because it takes long. */
async function loadSharp(): Promise<OpenImage> {
  const { default: sharp } = await import('sharp');
  // One thread for each image, and no cache, because images do not repeat.
  sharp.concurrency(1);
  sharp.cache(false);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  return sharp;
}
