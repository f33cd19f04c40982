/** Enough bytes to tell `[` or `{"instances": [` from anything else. */
const PEEK_BYTES = 64;
const [SPACE, TAB, LF, CR] = [0x20, 0x09, 0x0a, 0x0d];

interface PeekedBytes {
  /** Beginning of the document, without leading white space. */
  readonly head: Buffer;
  /** The whole document, without leading white space. */
  readonly all: AsyncIterable<Buffer>;
}

/** Reads the beginning of a JSON document ahead. */
export async function peekBytes(chunks: AsyncIterable<Buffer>): Promise<PeekedBytes> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < PEEK_BYTES) {
    const next = await iterator.next();
    if (next.done) break;
    head = trimStart(Buffer.concat([head, next.value]));
  }
  return { head, all: prepend(head, iterator) };
}

/** @param length at most the length of the first chunk */
export async function* skipBytes(chunks: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let toSkip = length;
  for await (const chunk of chunks) {
    yield chunk.subarray(toSkip);
    toSkip = 0;
  }
}

async function* prepend(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

function trimStart(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR);
  return start < 0 ? Buffer.alloc(0) : bytes.subarray(start);
}
