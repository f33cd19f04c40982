import { crc32, deflateSync } from 'node:zlib';
import { MULTIPART, multipart } from './forms.js';

/** The headers and the body of a multipart form with these images. */
export function imageForm(
  images: readonly Buffer[],
  field = 'file',
): { raw: Buffer; headers: Readonly<Record<string, string>> } {
  const parts = images.map((content, index) => {
    return { name: field, filename: `picture-${index}.png`, type: 'image/png', content };
  });
  return { raw: multipart(parts), headers: MULTIPART };
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** An 8-bit greyscale PNG, assembled by hand: `data` need not match the header. */
export function greyPng(width: number, height: number, data: Buffer, extraChunks: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([
    SIGNATURE,
    pngChunk('IHDR', header),
    ...extraChunks,
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A black greyscale PNG. */
export function blackPng(width: number, height: number, extraChunks: readonly Buffer[] = []): Buffer {
  return greyPng(width, height, deflateSync(Buffer.alloc((width + 1) * height), { level: 1 }), extraChunks);
}

/** Compressed text chunks of a few kilobytes, each of which inflates to `bytes`. */
export function compressedTextChunks(count: number, bytes: number): Buffer[] {
  const text = deflateSync(Buffer.alloc(bytes, 'a'));
  return Array.from({ length: count }, (_, index) => {
    return pngChunk('zTXt', Buffer.concat([Buffer.from(`comment ${index}\0\0`), text]));
  });
}

/** A chunk with a correct length and checksum. */
export function pngChunk(name: string, data: Buffer): Buffer {
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  const content = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, checksum]);
}
