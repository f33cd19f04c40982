import type { Sharp, SharpOptions } from 'sharp';

type OpenImage = (bytes: Buffer, options: SharpOptions) => Sharp;

/** Of the dozens of formats that libvips loads, some by external programs, only these are allowed. */
const LOADERS = ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'];

let sharp: Promise<OpenImage> | undefined;

/** Loads sharp on first use, because it takes long. The main thread has to be the first, or other threads cannot end safely. */
export function openSharp(): Promise<OpenImage> {
  sharp ??= loadSharp();
  return sharp;
}

async function loadSharp(): Promise<OpenImage> {
  const { default: sharp } = await import('sharp');
  // One thread for each image, and no cache, because images do not repeat.
  sharp.concurrency(1);
  sharp.cache(false);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  return sharp;
}
