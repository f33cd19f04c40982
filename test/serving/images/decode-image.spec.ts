import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageTypeOf } from '../../../src/platform/http/index.js';
import { readImageHeader } from '../../../src/serving/images/image-header.js';
import { decodeImage, type DecodeTask } from '../../../src/serving/images/decode-image.js';
import { DECODED, greatestDifference, IMAGES, RESIZED, samplesOf } from '../../support/pillow-images.js';

const BYTES = Float32Array.from({ length: 256 }, (_, value) => value);

type Size = Pick<DecodeTask['input'], 'width' | 'height' | 'fit' | 'channels'>;

/** Decodes a file to samples from 0 to 255, in the order of rows, columns and channels. */
async function decode(path: string, size: Size): Promise<number[]> {
  const file = await readFile(path);
  const tables = new Array<Float32Array>(size.channels).fill(BYTES);
  const input = { field: 'image', layout: 'NHWC', ...size, tables } as const;
  const header = readImageHeader(file, imageTypeOf(file)!)!;
  return [...(await decodeImage({ file, header, input, seconds: 10 }))];
}

describe('decodeImage', () => {
  it.each(RESIZED)('resizes as Pillow does: $name', async ({ source, expected, image }) => {
    const { data } = await samplesOf(expected);
    expect(greatestDifference(await decode(source, image), data)).toBeLessThanOrEqual(1);
  });

  it.each(DECODED)('gives the colours that Pillow gives: %s', async (name) => {
    const path = join(IMAGES, 'decoded', name);
    for (const [kind, channels] of [['rgb', 3] as const, ['grey', 1] as const]) {
      const { data, width, height } = await samplesOf(`${path}.${kind}.png`);
      const values = await decode(path, { width, height, fit: 'fill', channels });
      const difference = greatestDifference(values, data);
      expect({ kind, difference, isRight: difference <= 1 }).toMatchObject({ kind, isRight: true });
    }
  });
});
