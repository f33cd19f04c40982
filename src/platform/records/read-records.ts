import { setImmediate as nextTurn } from 'node:timers/promises';
import { inPieces } from '../async/index.js';
import { CsvReader } from './csv-reader.js';
import { invalidFileError } from './file-errors.js';
import { JsonLinesReader } from './json-lines-reader.js';
import { JsonReader } from './json-reader.js';
import type { CsvHeader, FileRecord, ReadOptions, RecordFormat, RecordReader } from './record.js';
import { toUtf8 } from './to-utf8.js';

/** Parsed in one turn of the event loop. */
const CHUNK_BYTES = 8 * 1024;
const BATCH_RECORDS = 256;
/** Ends a batch of large records early. */
const BATCH_BYTES = 256 * 1024;

interface Reader {
  readonly header: CsvHeader | undefined;
  /** Of a table in JSON. */
  readonly columns?: readonly string[] | undefined;
  read(chunks: AsyncIterable<Buffer>): AsyncIterable<FileRecord[]>;
}

/**
 * Reads a file of rows in bounded memory, whatever its size: CSV with a header, JSON lines, or a JSON array, an object with a
 * member that holds rows (`ROW_MEMBERS`), or one object; in UTF-8 unless a byte order mark or the options name another encoding.
 *
 * @throws InvalidInputError at `["body", "file", …]` if the file cannot be read as a whole, UnsupportedMediaTypeError for an unknown
 *   encoding; any error of `source`
 */
export function readRecords(
  source: AsyncIterable<Buffer>,
  format: RecordFormat,
  options: ReadOptions = {},
): RecordReader {
  const reader = createReader(format, options);
  return {
    get columns() {
      return reader.header?.columns ?? reader.columns;
    },
    get header() {
      return reader.header;
    },
    [Symbol.asyncIterator]: () => readBatches(source, reader, options),
  };
}

function createReader(format: RecordFormat, options: ReadOptions): Reader {
  if (format === 'csv') return new CsvReader(options);
  return format === 'jsonl' ? new JsonLinesReader() : new JsonReader(options);
}

async function* readBatches(
  source: AsyncIterable<Buffer>,
  reader: Reader,
  options: ReadOptions,
): AsyncGenerator<readonly FileRecord[]> {
  const batcher = new Batcher(options.batchRecords);
  const chunks = toUtf8(inPieces(source, CHUNK_BYTES), options.charset);
  for await (const records of reader.read(batcher.countBytes(chunks))) {
    yield* batcher.add(records);
    await nextTurn();
  }
  yield* batcher.flush();
  if (batcher.isEmpty) throw emptyFile(reader);
}

class Batcher {
  isEmpty = true;
  private pending: FileRecord[] = [];
  private bytes = 0;

  /** @param least records of a batch, unless it is the last one or a large one */
  constructor(private readonly least = BATCH_RECORDS) {}

  async *countBytes(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.bytes += chunk.length;
      yield chunk;
    }
  }

  *add(records: readonly FileRecord[]): Generator<FileRecord[]> {
    for (const record of records) {
      this.pending.push(record);
      if (this.pending.length === BATCH_RECORDS) yield* this.flush();
    }
    if (this.pending.length >= this.least || this.bytes >= BATCH_BYTES) yield* this.flush();
  }

  *flush(): Generator<FileRecord[]> {
    const { pending } = this;
    [this.pending, this.bytes] = [[], 0];
    if (pending.length === 0) return;
    this.isEmpty = false;
    yield pending;
  }
}

function emptyFile({ header }: Reader): Error {
  return invalidFileError('empty', header ? 'the file has a header and no rows' : 'the file is empty');
}
