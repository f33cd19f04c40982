import { deflateSync } from 'node:zlib';
import { MULTIPART, multipart } from './forms.js';

/** The headers and the body of a form with these pictures. */
export function formOf(
  pictures: readonly Buffer[],
  field = 'file',
): { raw: Buffer; headers: Readonly<Record<string, string>> } {
  const parts = pictures.map((content, index) => {
    return { name: field, filename: `picture-${index}.png`, type: 'image/png', content };
  });
  return { raw: multipart(parts), headers: MULTIPART };
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** A grey PNG of 8 bits as it is written by hand: `data` need not be what the header says. */
export function pngOf(width: number, height: number, data: Buffer, more: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...more,
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A grey PNG, black all over. */
export function blackPng(width: number, height: number, more: readonly Buffer[] = []): Buffer {
  return pngOf(width, height, deflateSync(Buffer.alloc((width + 1) * height), { level: 1 }), more);
}

/** Texts of a PNG that take a few kilobytes and inflate to so many bytes each. */
export function inflatingTexts(count: number, bytes: number): Buffer[] {
  const text = deflateSync(Buffer.alloc(bytes, 'a'));
  return Array.from({ length: count }, (_, index) => {
    return chunk('zTXt', Buffer.concat([Buffer.from(`comment ${index}\0\0`), text]));
  });
}

/** A part of a PNG, sound but for what it holds. */
export function chunk(name: string, data: Buffer): Buffer {
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  const content = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crcOf(content));
  return Buffer.concat([length, content, sum]);
}

/** https://www.w3.org/TR/png-3/#D-CRCAppendix */
function crcOf(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

const CRC_TABLE = Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});
