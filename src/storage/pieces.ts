import { PayloadTooLargeError } from '../http/index.js';

/** A client may send byte by byte, and each buffer alone takes a hundred bytes more than it holds. */
const MAX_PARTS = 1_024;

/**
 * The bytes of a stream in pieces of `size` bytes, the last one excepted.
 *
 * @throws PayloadTooLargeError as soon as there are more than `limit` bytes
 */
export async function* inPieces(
  source: AsyncIterable<Buffer>,
  { size, limit }: { readonly size: number; readonly limit: number },
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  let total = 0;
  for await (const part of source) {
    total += part.length;
    if (total > limit) throw new PayloadTooLargeError(`The file is larger than ${limit} bytes.`);
    length += part.length;
    parts.push(part);
    if (length < size && parts.length < MAX_PARTS) continue;
    let rest = Buffer.concat(parts);
    for (; rest.length >= size; rest = rest.subarray(size)) yield rest.subarray(0, size);
    // What is left must not keep all that it was a part of.
    parts = [Buffer.from(rest)];
    length = rest.length;
  }
  if (length > 0) yield Buffer.concat(parts);
}
