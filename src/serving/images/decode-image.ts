import { convertPixels, type RawPixels } from './convert-pixels.js';
import { fitImage } from './fit-image.js';
import type { ImageHeader } from './image-header.js';
import type { ImageInput } from './image-input.js';
import { InvalidImageError, UNDECODABLE } from './invalid-image.error.js';
import { normalizePixels } from './normalize-pixels.js';
import { openSharp } from './open-sharp.js';
import { stripPng } from './strip-png.js';

/** An image to decode, as it is sent to a thread. */
export interface DecodeTask {
  readonly file: Uint8Array;
  readonly header: ImageHeader;
  readonly input: ImageInput;
  /** How long it may take. */
  readonly seconds: number;
  /** Memory for the values, of their size. */
  readonly into?: ArrayBuffer | undefined;
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
  return normalizePixels(data, input, task.into);
}

/** @throws InvalidImageError */
async function readSamples({ file, header, seconds }: DecodeTask): Promise<RawPixels> {
  const bytes = header.type === 'png' ? stripPng(bufferOf(file)) : bufferOf(file);
  if (!bytes) throw new InvalidImageError('is damaged: it could not be read as a whole');
  try {
    return await decode(bytes, header, seconds);
  } catch (error) {
    throw new InvalidImageError(UNDECODABLE, { cause: error });
  }
}

async function decode(bytes: Buffer, { width, height, isCmyk }: ImageHeader, seconds: number): Promise<RawPixels> {
  const open = await openSharp();
  const colourspace = isCmyk ? 'cmyk' : 'srgb';
  const limitInputPixels = width * height;
  const image = open(bytes, { autoOrient: true, failOn: 'error', pages: 1, ignoreIcc: true, limitInputPixels })
    .timeout({ seconds })
    .pipelineColourspace(colourspace)
    .toColourspace(colourspace)
    .raw({ depth: 'uchar' });
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels, isCmyk };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
