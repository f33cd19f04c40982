import { missingFile, type UploadedFile } from '../platform/http/index.js';
import type { FileRecord, RecordReader } from '../platform/records/index.js';

/** A picture as it was sent. */
export interface PackedPicture {
  readonly file: string;
  readonly bytes: Buffer;
}

/** Two lengths, in 4 bytes each, of the name and of the picture. */
const HEAD_BYTES = 8;
const BATCH_RECORDS = 256;
const BATCH_BYTES = 256 * 1024;

/**
 * Pictures as the input of a job is kept: of each its head, its name in UTF-8, and its bytes.
 *
 * @throws InvalidInputError where there is none; what `files` throws
 */
export async function* packPictures(files: AsyncIterable<UploadedFile>): AsyncGenerator<Buffer> {
  let isEmpty = true;
  for await (const { name = '', bytes } of files) {
    isEmpty = false;
    const text = Buffer.from(name);
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(text.length, 0);
    head.writeUInt32BE(bytes.length, 4);
    yield Buffer.concat([head, text, bytes]);
  }
  if (isEmpty) throw missingFile();
}

/** The same pictures, as records whose value is a `PackedPicture`; a table of them has the column `file`. */
export function readPictures(source: AsyncIterable<Buffer>): RecordReader {
  return { columns: ['file'], [Symbol.asyncIterator]: () => batchesOf(new Source(source)) };
}

async function* batchesOf(source: Source): AsyncGenerator<readonly FileRecord[]> {
  let batch: FileRecord[] = [];
  let size = 0;
  let position = 0;
  for (let head = await source.take(HEAD_BYTES); head.length > 0; head = await source.take(HEAD_BYTES)) {
    const file = (await source.take(head.readUInt32BE(0))).toString();
    const bytes = await source.take(head.readUInt32BE(4));
    const value: PackedPicture = { file, bytes };
    batch.push({ position, location: ['body', 'file', position], value });
    position += 1;
    size += bytes.length;
    if (batch.length < BATCH_RECORDS && size < BATCH_BYTES) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** Bytes that come in pieces of any size. */
class Source {
  private readonly pieces: AsyncIterator<Buffer>;
  private held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.pieces = source[Symbol.asyncIterator]();
  }

  /** So many bytes; none at the end. */
  async take(count: number): Promise<Buffer> {
    const parts = [this.held];
    let size = this.held.length;
    while (size < count) {
      const next = await this.pieces.next();
      if (next.done) break;
      parts.push(next.value);
      size += next.value.length;
    }
    const all = parts.length === 1 ? this.held : Buffer.concat(parts, size);
    if (all.length > 0 && all.length < count) throw new Error('The pictures of a job are not kept whole');
    this.held = all.subarray(count);
    return all.subarray(0, count);
  }
}
