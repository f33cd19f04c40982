/** A byte order mark, which some programs begin a file of UTF-8 with. */
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The same bytes in pieces of one size, the last one smaller, without a byte order mark: however they arrive, they are cut at
 * the same places, and a file that comes byte by byte takes no longer.
 */
export async function* piecesOf(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  let isFirst = true;
  const join = (): Buffer => {
    const piece = held.length === 1 ? held[0]! : Buffer.concat(held, length);
    held = [];
    length = 0;
    const isMarked = isFirst && piece.subarray(0, MARK.length).equals(MARK);
    isFirst = false;
    return isMarked ? piece.subarray(MARK.length) : piece;
  };
  for await (const chunk of source) {
    let from = 0;
    while (chunk.length - from >= size - length) {
      const part = chunk.subarray(from, from + size - length);
      held.push(part);
      length += part.length;
      from += part.length;
      yield join();
    }
    if (from === chunk.length) continue;
    held.push(chunk.subarray(from));
    length += chunk.length - from;
  }
  if (length > 0) yield join();
}
