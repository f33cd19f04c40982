import type { ImageInput } from './image-input.js';
import { type Box, type Pixels, resample } from './resample.js';

type Size = Pick<Pixels, 'width' | 'height'>;

/**
 * Resizes an image to a model's input. `fill` takes all of it, and may stretch it; `cover` takes the greatest part in the middle that
 * has the proportions of the input, as Pillow's `ImageOps.fit`.
 */
export function fitImage(image: Pixels, { width, height, fit }: Pick<ImageInput, 'width' | 'height' | 'fit'>): Pixels {
  if (image.width === width && image.height === height) return image;
  return resample(image, fit === 'cover' ? middleOf(image, width / height) : wholeOf(image), width, height);
}

function wholeOf({ width, height }: Size): Box {
  return { left: 0, top: 0, right: width, bottom: height };
}

function middleOf(image: Size, proportions: number): Box {
  const own = image.width / image.height;
  const width = own > proportions ? proportions * image.height : image.width;
  const height = own < proportions ? image.width / proportions : image.height;
  const [left, top] = [(image.width - width) / 2, (image.height - height) / 2];
  return { left, top, right: left + width, bottom: top + height };
}
