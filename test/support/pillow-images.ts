import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { ROOT } from './project.js';

/** Images, and what Pillow makes of them: see make-images.py there. */
export const IMAGES = join(ROOT, 'test/fixtures/images');

/** The images that Pillow has resized, with the `input.image` that asks for the same. */
export const RESIZED = readdirSync(join(IMAGES, 'resized')).map((name) => {
  const [, source, fit, width, height] = /^(rgb|grey)-(fill|cover)-(\d+)x(\d+)\.png$/.exec(name)!;
  return {
    name,
    source: join(IMAGES, `${source}.png`),
    expected: join(IMAGES, 'resized', name),
    image: {
      width: Number(width),
      height: Number(height),
      fit: fit as 'fill' | 'cover',
      channels: (source === 'rgb' ? 3 : 1) as 1 | 3,
    },
  };
});

/** Files of many kinds; Pillow's samples of them have `.rgb.png` or `.grey.png` behind their names. */
export const DECODED = readdirSync(join(IMAGES, 'decoded')).filter((name) => !/\.(rgb|grey)\.png$/.test(name));

/** The samples of a PNG that Pillow wrote. */
export async function samplesOf(file: string): Promise<{ data: Buffer; width: number; height: number }> {
  const image = sharp(readFileSync(file));
  const { channels } = await image.metadata();
  const { data, info } = await image
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

export function greatestDifference(actual: readonly number[], expected: Uint8Array): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values instead of ${expected.length}`);
  return Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)));
}
