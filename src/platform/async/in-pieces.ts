/** A client may send single bytes, and a Buffer object takes some 100 bytes beside its content: small parts are merged early. */
const MAX_PARTS = 1_024;

/** Regroups a byte stream into pieces of `size` bytes (the last one may be shorter), whatever the sizes of the parts received. */
export async function* inPieces(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const part of source) {
    length += part.length;
    parts.push(part);
    if (length < size && parts.length < MAX_PARTS) continue;
    let rest = Buffer.concat(parts, length);
    for (; rest.length >= size; rest = rest.subarray(size)) yield rest.subarray(0, size);
    // A copy: a view would keep the whole underlying buffer in memory.
    parts = [Buffer.from(rest)];
    length = rest.length;
  }
  if (length > 0) yield Buffer.concat(parts, length);
}
