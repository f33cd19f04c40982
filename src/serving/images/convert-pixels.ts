import type { Pixels } from './resample.js';

/** Decoded samples as they are in a file: RGB, with or without an alpha channel, or the inks of CMYK (255 is all of it). */
export interface RawPixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly isCmyk: boolean;
}

/**
 * Converts to RGB or to grey with the arithmetic of Pillow: of CMYK and of grey as `convert`, of transparent pixels as `paste` on
 * white. Overwrites `data`, which may be large.
 */
export function convertPixels(raw: RawPixels, channels: 1 | 3): Pixels {
  const { data, width, height, isCmyk } = raw;
  if (isCmyk) overwriteWithRgb(data, mixInks);
  else if (raw.channels === 4) overwriteWithRgb(data, mixWithWhite);
  if (channels === 1) overwriteWithGrey(data, width * height);
  return { data: data.subarray(0, width * height * channels), width, height, channels };
}

/** Of a sample and the fourth one of its pixel, the sample of RGB. */
type Mix = (sample: number, fourth: number) => number;

function overwriteWithRgb(data: Uint8Array, mix: Mix): void {
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const fourth = data[from + 3]!;
    data[to] = mix(data[from]!, fourth);
    data[to + 1] = mix(data[from + 1]!, fourth);
    data[to + 2] = mix(data[from + 2]!, fourth);
  }
}

function mixInks(ink: number, black: number): number {
  return 255 - black - multiply(ink, 255 - black);
}

function mixWithWhite(sample: number, alpha: number): number {
  return divideBy255(sample * alpha + 255 * (255 - alpha));
}

/** The product of two numbers from 0 to 255 that stand for 0 to 1, rounded. */
function multiply(a: number, b: number): number {
  return divideBy255(a * b);
}

function divideBy255(product: number): number {
  const rounded = product + 128;
  return ((rounded >> 8) + rounded) >> 8;
}

/** Luma with the weights of ITU-R BT.601, as in Pillow, OpenCV and TensorFlow. */
function overwriteWithGrey(data: Uint8Array, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const at = 3 * index;
    data[index] = (19_595 * data[at]! + 38_470 * data[at + 1]! + 7_471 * data[at + 2]! + 0x8000) >> 16;
  }
}
