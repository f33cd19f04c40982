/** A client may send byte by byte, and each buffer alone takes a hundred bytes more than it holds. */
const MAX_PARTS = 1_024;

/** The same bytes in pieces of `size` bytes, the last one excepted: however they arrive, they are cut at the same places. */
export async function* inPieces(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const part of source) {
    length += part.length;
    parts.push(part);
    if (length < size && parts.length < MAX_PARTS) continue;
    let rest = Buffer.concat(parts, length);
    for (; rest.length >= size; rest = rest.subarray(size)) yield rest.subarray(0, size);
    // What is left must not keep all that it was a part of.
    parts = [Buffer.from(rest)];
    length = rest.length;
  }
  if (length > 0) yield Buffer.concat(parts, length);
}
