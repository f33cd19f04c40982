import { Injectable } from '@nestjs/common';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { ConcurrencyLimiter } from '../../platform/async/index.js';
import { ClientGoneError, DeadlineError, ImageDecoderBusyError } from '../serving.errors.js';
import { ServingSettings } from '../serving.settings.js';
import type { TimedCaller } from '../caller.js';
import { type ImageInput, valuesOf } from './image-input.js';
import { stripPng } from './strip-png.js';

/** Why a file is no picture that can be taken; the words go on after its name. */
export class InvalidImageError extends Error {}

type OpenImage = (bytes: Buffer, options: SharpOptions) => Sharp;

type Kind = 'png' | 'jpeg' | 'webp';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
/** libvips knows dozens of kinds, some by programs of their own: of these three come all pictures of browsers and cameras. */
const LOADERS = ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'];
/** Transparent pixels show a page, which is white. */
const PAGE = '#ffffff';

/** Makes values of a model's input of PNG, JPEG and WebP files, off the event loop and few at a time. */
@Injectable()
export class ImageDecoder {
  private readonly limiter: ConcurrencyLimiter;
  private readonly maxPixels: number;
  private opening: Promise<OpenImage> | undefined;

  constructor({ images }: ServingSettings) {
    const { pixels, lanes, queue } = images;
    this.maxPixels = pixels;
    this.limiter = new ConcurrencyLimiter({
      concurrency: lanes,
      maxQueued: queue,
      overflowError: () => new ImageDecoderBusyError(),
    });
  }

  /** @throws InvalidImageError, ImageDecoderBusyError, DeadlineError, ClientGoneError */
  async decode(file: Buffer, input: ImageInput, { signal, deadline }: TimedCaller): Promise<Float32Array> {
    const bytes = readable(file);
    const requireWaiting = (): void => {
      if (signal?.aborted) throw new ClientGoneError();
      if (performance.now() >= deadline) throw new DeadlineError();
    };
    this.opening ??= loadSharp();
    const open = await this.opening;
    return this.limiter.run(async () => {
      requireWaiting();
      try {
        return valuesOf(await this.pixelsOf(open, bytes, input, deadline), input);
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
      .flatten({ background: PAGE })
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

/** What may be decoded of a file, by what it holds: its name and its media type are only said. */
function readable(file: Buffer): Buffer {
  if (file.length === 0) throw new InvalidImageError('is empty; it must be a PNG, JPEG or WebP picture');
  const kind = kindOf(file);
  if (!kind) throw new InvalidImageError('must be a PNG, JPEG or WebP picture; it is none of them');
  const bytes = kind === 'png' ? stripPng(file) : file;
  if (!bytes) throw new InvalidImageError('is damaged: it could not be read as a whole');
  return bytes;
}

function kindOf(file: Buffer): Kind | undefined {
  if (file.subarray(0, PNG.length).equals(PNG)) return 'png';
  if (file.subarray(0, JPEG.length).equals(JPEG)) return 'jpeg';
  const isWebp = file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WEBP';
  return isWebp ? 'webp' : undefined;
}

/** Only here: nobody who sends no picture waits for it to load. */
async function loadSharp(): Promise<OpenImage> {
  const { default: sharp } = await import('sharp');
  // A thread for each picture, and no memory kept for the next, which is another one.
  sharp.concurrency(1);
  sharp.cache(false);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  return sharp;
}
