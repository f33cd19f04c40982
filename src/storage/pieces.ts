import { PayloadTooLargeError } from '../http/index.js';

/** A client may send byte by byte, and each buffer alone takes a hundred bytes more than it holds. */
const MAX_PARTS = 1_024;

/**
 * The bytes of a stream in pieces of at least `least` bytes, the last one excepted.
 *
 * @throws PayloadTooLargeError as soon as there are more than `limit` bytes
 */
export async function* inPieces(
  source: AsyncIterable<Buffer>,
  { least, limit }: { readonly least: number; readonly limit: number },
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  let total = 0;
  for await (const part of source) {
    length += part.length;
    total += part.length;
    if (total > limit) throw new PayloadTooLargeError(`The file is larger than ${limit} bytes.`);
    parts.push(part);
    if (length >= least) {
      yield Buffer.concat(parts);
      parts = [];
      length = 0;
    } else if (parts.length === MAX_PARTS) parts = [Buffer.concat(parts)];
  }
  if (length > 0) yield Buffer.concat(parts);
}
