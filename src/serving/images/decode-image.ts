import type { SharpOptions } from 'sharp';
import type { ImageType } from '../../platform/http/index.js';
import { convertPixels, type RawPixels } from './convert-pixels.js';
import { fitImage } from './fit-image.js';
import type { ImageInput } from './image-input.js';
import { InvalidImageError } from './invalid-image.error.js';
import { normalizePixels } from './normalize-pixels.js';
import { openSharp } from './open-sharp.js';
import { stripPng } from './strip-png.js';

/** An image to decode, as it is sent to a thread. */
export interface DecodeTask {
  readonly file: Uint8Array;
  readonly type: ImageType;
  readonly input: ImageInput;
  /** Pixels that the file may have. */
  readonly maxPixels: number;
  /** How long it may take. */
  readonly seconds: number;
}

/**
 * Decodes, resizes and normalizes an image. Colours are those of Pillow, which applies no colour profile.
 *
 * @returns the values in the layout of the model's input
 * @throws InvalidImageError
 */
export async function decodeImage(task: DecodeTask): Promise<Float32Array> {
  const { input } = task;
  const raw = await readSamples(task);
  const { data } = fitImage(convertPixels(raw, input.channels), input);
  return normalizePixels(data, input);
}

/** @throws InvalidImageError */
async function readSamples({ file, type, maxPixels, seconds }: DecodeTask): Promise<RawPixels> {
  const bytes = type === 'png' ? stripPng(bufferOf(file)) : bufferOf(file);
  if (!bytes) throw new InvalidImageError('is damaged: it could not be read as a whole');
  try {
    return await decode(bytes, maxPixels, seconds);
  } catch (error) {
    if (error instanceof InvalidImageError) throw error;
    throw new InvalidImageError('is damaged: it could not be decoded as a whole', { cause: error });
  }
}

async function decode(bytes: Buffer, maxPixels: number, seconds: number): Promise<RawPixels> {
  const open = await openSharp();
  const options: SharpOptions = { autoOrient: true, failOn: 'error', pages: 1, ignoreIcc: true };
  const { width, height, space } = await open(bytes, { ...options, limitInputPixels: false }).metadata();
  requireMaxPixels(width, height, maxPixels);
  const isCmyk = space === 'cmyk';
  const colourspace = isCmyk ? 'cmyk' : 'srgb';
  const image = open(bytes, { ...options, limitInputPixels: maxPixels })
    .timeout({ seconds })
    .pipelineColourspace(colourspace)
    .toColourspace(colourspace)
    .raw({ depth: 'uchar' });
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels, isCmyk };
}

function requireMaxPixels(width: number, height: number, maxPixels: number): void {
  if (width * height <= maxPixels) return;
  throw new InvalidImageError(`has ${width} × ${height} pixels; at most ${maxPixels} altogether are taken`);
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
