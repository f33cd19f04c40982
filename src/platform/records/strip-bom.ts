/** A byte order mark, which some programs begin a file of UTF-8 with. */
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The same pieces without a byte order mark. @param pieces the first of which has the whole mark, where there is one */
export async function* stripBom(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const piece of pieces) {
    const isMarked = isFirst && piece.subarray(0, MARK.length).equals(MARK);
    isFirst = false;
    yield isMarked ? piece.subarray(MARK.length) : piece;
  }
}
