/** Bytes that tell an array, or `{"instances": [`, from anything else. */
const ENOUGH = 64;
const [SPACE, TAB, LF, CR] = [0x20, 0x09, 0x0a, 0x0d];

interface Opening {
  /** What the document begins with, without white space. */
  readonly head: Buffer;
  /** The same, and all that follows. */
  readonly all: AsyncIterable<Buffer>;
}

/** Looks at the beginning of a document, in pieces. */
export async function openingOf(pieces: AsyncIterable<Buffer>): Promise<Opening> {
  const iterator = pieces[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < ENOUGH) {
    const next = await iterator.next();
    if (next.done) break;
    head = withoutSpace(Buffer.concat([head, next.value]));
  }
  return { head, all: after(head, iterator) };
}

/** The pieces without their first bytes, which are in the first piece. */
export async function* without(pieces: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let skipped = length;
  for await (const piece of pieces) {
    yield piece.subarray(skipped);
    skipped = 0;
  }
}

async function* after(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

function withoutSpace(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR);
  return start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
}
