import { missingFile, type UploadedFile } from '../platform/http/index.js';
import type { FileRecord, RecordReader } from '../platform/records/index.js';

/** An uploaded picture. */
export interface ArchivedPicture {
  readonly file: string;
  readonly bytes: Buffer;
}

/** Lengths of the name and of the picture, as unsigned 32-bit big-endian integers. */
const HEADER_BYTES = 8;
const BATCH_RECORDS = 256;
const BATCH_BYTES = 256 * 1024;

/**
 * Writes pictures as one stream, the stored input of a job. Each is a header, the name in UTF-8, and the bytes.
 *
 * @throws InvalidInputError without a picture; any error of `files`
 */
export async function* archivePictures(files: AsyncIterable<UploadedFile>): AsyncGenerator<Buffer> {
  let isEmpty = true;
  for await (const { name = '', bytes } of files) {
    isEmpty = false;
    const text = Buffer.from(name);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(text.length, 0);
    header.writeUInt32BE(bytes.length, 4);
    yield Buffer.concat([header, text, bytes]);
  }
  if (isEmpty) throw missingFile();
}

/** Reads pictures back, as records whose value is an `ArchivedPicture`. The result CSV has the column `file` for them. */
export function readPictureArchive(source: AsyncIterable<Buffer>): RecordReader {
  return { columns: ['file'], [Symbol.asyncIterator]: () => readBatches(new ByteReader(source)) };
}

async function* readBatches(reader: ByteReader): AsyncGenerator<readonly FileRecord[]> {
  let batch: FileRecord[] = [];
  let size = 0;
  let position = 0;
  for (let header = await reader.read(HEADER_BYTES); header.length > 0; header = await reader.read(HEADER_BYTES)) {
    const file = (await reader.read(header.readUInt32BE(0))).toString();
    const bytes = await reader.read(header.readUInt32BE(4));
    const value: ArchivedPicture = { file, bytes };
    batch.push({ position, location: ['body', 'file', position], value });
    position += 1;
    size += bytes.length;
    if (batch.length < BATCH_RECORDS && size < BATCH_BYTES) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** Reads a byte stream in lengths of the caller's choice. */
class ByteReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private buffered: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  /** @returns `count` bytes; an empty buffer at the end of the stream */
  async read(count: number): Promise<Buffer> {
    const parts = [this.buffered];
    let size = this.buffered.length;
    while (size < count) {
      const next = await this.chunks.next();
      if (next.done) break;
      parts.push(next.value);
      size += next.value.length;
    }
    const all = parts.length === 1 ? this.buffered : Buffer.concat(parts, size);
    if (all.length > 0 && all.length < count) throw new Error('The stored pictures of a job are truncated');
    this.buffered = all.subarray(count);
    return all.subarray(0, count);
  }
}
