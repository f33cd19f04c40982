import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageDecoder } from '../../../src/serving/images/image-decoder.js';
import type { ServingSettings } from '../../../src/serving/serving.settings.js';
import { blackPng } from '../../support/images.js';
import { IMAGES } from '../../support/pillow-images.js';

const INPUT = {
  field: 'image',
  width: 8,
  height: 8,
  channels: 1,
  layout: 'NCHW',
  fit: 'cover',
  tables: [Float32Array.from({ length: 256 }, (_, value) => value)],
} as const;
const FILE = readFileSync(join(IMAGES, 'grey.png'));
const CALLER = { deadline: performance.now() + 60_000 };

function makeDecoder(concurrency: number): ImageDecoder {
  const images = { maxPixels: 10_000_000, concurrency, maxQueued: 100 };
  return new ImageDecoder({ images } as ServingSettings);
}

/** The worker threads of this process. */
function threads(): number {
  const { workers } = process.report.getReport() as unknown as { workers: unknown[] };
  return workers.length;
}

describe('ImageDecoder', () => {
  it('has a thread for each image that it decodes at a time, which end with the application', async () => {
    const before = threads();
    const decoder = makeDecoder(2);
    await decoder.decode(FILE, INPUT, CALLER);
    expect(threads() - before).toBe(1);
    const images = await Promise.all(Array.from({ length: 10 }, () => decoder.decode(FILE, INPUT, CALLER)));
    expect(images.map(({ length }) => length)).toEqual(Array(10).fill(64));
    expect(threads() - before).toBe(2);
    await decoder.onApplicationShutdown();
    expect(threads() - before).toBe(0);
  });

  it('fills the memory that is given back again, for an image of the same size only', async () => {
    const decoder = makeDecoder(1);
    const first = await decoder.decode(FILE, INPUT, CALLER);
    const expected = [...first];
    decoder.recycle(first);
    const smaller = await decoder.decode(FILE, { ...INPUT, width: 4 }, CALLER);
    expect([smaller.length, first.length]).toEqual([32, 64]);
    const second = await decoder.decode(FILE, INPUT, CALLER);
    expect([[...second], first.length]).toEqual([expected, 0]);
    const third = await decoder.decode(FILE, INPUT, CALLER);
    expect([[...third], [...second]]).toEqual([expected, expected]);
    await decoder.onApplicationShutdown();
  });

  it('decodes large images one at a time, and small ones meanwhile', async () => {
    const before = threads();
    const decoder = makeDecoder(3);
    const large = blackPng(4_000, 2_001);
    await Promise.all([large, large, large].map((file) => decoder.decode(file, INPUT, CALLER)));
    expect(threads() - before).toBe(1);
    await Promise.all([large, FILE, FILE].map((file) => decoder.decode(file, INPUT, CALLER)));
    expect(threads() - before).toBe(3);
    await decoder.onApplicationShutdown();
  });

  it('fails an image whose thread ends, and decodes the next one in another thread', async () => {
    const decoder = makeDecoder(1);
    await decoder.decode(FILE, INPUT, CALLER);
    const image = decoder.decode(FILE, INPUT, CALLER);
    const [failed] = await Promise.allSettled([image, decoder.onApplicationShutdown()]);
    expect(failed).toMatchObject({ status: 'rejected', reason: new Error('The thread that decodes images has ended') });
    expect(await decoder.decode(FILE, INPUT, CALLER)).toHaveLength(64);
    await decoder.onApplicationShutdown();
  });
});
