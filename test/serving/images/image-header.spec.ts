import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageTypeOf } from '../../../src/platform/http/index.js';
import { type ImageHeader, readImageHeader } from '../../../src/serving/images/image-header.js';
import { DECODED, IMAGES, samplesOf } from '../../support/pillow-images.js';

function headerOf(bytes: Buffer): ImageHeader | undefined {
  return readImageHeader(bytes, imageTypeOf(bytes)!);
}

function bytesOf(name: string): Buffer {
  return readFileSync(join(IMAGES, 'decoded', name));
}

describe('readImageHeader', () => {
  it.each(DECODED)('finds the size and the colours of %s', async (name) => {
    const { width, height } = await samplesOf(join(IMAGES, 'decoded', `${name}.rgb.png`));
    const size = name.startsWith('orientation') ? { width: height, height: width } : { width, height };
    const isCmyk = name.startsWith('cmyk') || name.startsWith('ycck');
    expect(headerOf(bytesOf(name))).toMatchObject({ ...size, isCmyk });
  });

  it('reads over the bytes that may fill up a JPEG', () => {
    const jpeg = bytesOf('cmyk.jpg');
    const filled = Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xff]), jpeg.subarray(2)]);
    expect(headerOf(filled)).toEqual(headerOf(jpeg));
  });

  it.each(['rgb.jpg', 'grey.png', 'lossy.webp', 'profile.webp'])('finds nothing in %s without its header', (name) => {
    const bytes = bytesOf(name);
    for (const length of [12, 16, 20, 22]) expect(headerOf(bytes.subarray(0, length))).toBeUndefined();
    expect(headerOf(Buffer.concat([bytes.subarray(0, 12), Buffer.alloc(60)]))).toBeUndefined();
  });
});
