import sharp from 'sharp';
import { stripPng } from '../../../src/serving/images/strip-png.js';
import { blackPng, compressedTextChunks, pngChunk } from '../../support/images.js';

const PLAIN = blackPng(3, 2);
const MANY = Array.from({ length: 20_000 }, () => pngChunk('tEXt', Buffer.alloc(0)));

describe('stripPng', () => {
  it('leaves a PNG without metadata unchanged', () => {
    expect(stripPng(PLAIN)?.equals(PLAIN)).toBe(true);
  });

  it('removes text chunks, animation chunks and bytes after the end', () => {
    const more = [
      ...compressedTextChunks(2, 1_000),
      pngChunk('iTXt', Buffer.from('a')),
      pngChunk('acTL', Buffer.alloc(8)),
    ];
    const bytes = Buffer.concat([blackPng(3, 2, more), Buffer.from('<html>')]);
    expect(stripPng(bytes)?.equals(PLAIN)).toBe(true);
  });

  it('keeps the orientation unless it is too long, and removes colour profiles', async () => {
    const create = { width: 3, height: 2, channels: 3, background: '#ff8000' } as const;
    const picture = sharp({ create }).withIccProfile('p3').withMetadata({ orientation: 6 });
    const bytes = stripPng(await picture.png().toBuffer())!;
    const { orientation, icc } = await sharp(bytes).metadata();
    expect({ orientation, hasProfile: icc !== undefined }).toEqual({ orientation: 6, hasProfile: false });
    expect(stripPng(blackPng(3, 2, [pngChunk('eXIf', Buffer.alloc(2 ** 20 + 1))]))?.equals(PLAIN)).toBe(true);
  });

  it.each([
    ['ends in a chunk', PLAIN.subarray(0, -13)],
    ['has no end', PLAIN.subarray(0, -12)],
    ['has a chunk of four gigabytes', Buffer.concat([PLAIN.subarray(0, 8), Buffer.alloc(4, 0xff), PLAIN.subarray(12)])],
    ['is only the signature', PLAIN.subarray(0, 8)],
    ['has more chunks than encoders write', blackPng(3, 2, MANY)],
  ])('returns undefined for a file that %s', (_, bytes) => {
    expect(stripPng(bytes)).toBeUndefined();
  });
});
