import { setImmediate as nextTurn } from 'node:timers/promises';
import { inPieces } from '../async/index.js';
import { CsvReader } from './csv-reader.js';
import { invalidFileError } from './file-errors.js';
import { JsonLinesReader } from './json-lines-reader.js';
import { JsonReader } from './json-reader.js';
import type { FileRecord, ReadOptions, RecordFormat, RecordReader } from './record.js';

/** Parsed in one turn of the event loop. */
const CHUNK_BYTES = 8 * 1024;
const BATCH_RECORDS = 256;
/** Ends a batch of large records early. */
const BATCH_BYTES = 256 * 1024;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

interface Reader {
  readonly columns: readonly string[] | undefined;
  read(chunks: AsyncIterable<Buffer>): AsyncIterable<FileRecord[]>;
}

/**
 * Reads a file of rows in bounded memory, whatever its size: CSV with commas and a header in line 1, JSON lines, or a JSON
 * array, `{"instances": […]}` or one object. All in UTF-8.
 *
 * @throws InvalidInputError at `["body", "file", …]` if the file cannot be read as a whole; any error of `source`
 */
export function readRecords(
  source: AsyncIterable<Buffer>,
  format: RecordFormat,
  options: ReadOptions = {},
): RecordReader {
  const reader = createReader(format, options);
  return {
    get columns() {
      return reader.columns;
    },
    [Symbol.asyncIterator]: () => readBatches(source, reader),
  };
}

function createReader(format: RecordFormat, options: ReadOptions): Reader {
  if (format === 'csv') return new CsvReader();
  return format === 'jsonl' ? new JsonLinesReader() : new JsonReader(options);
}

async function* readBatches(source: AsyncIterable<Buffer>, reader: Reader): AsyncGenerator<readonly FileRecord[]> {
  const batcher = new Batcher();
  const chunks = stripBom(inPieces(source, CHUNK_BYTES));
  for await (const records of reader.read(batcher.countBytes(chunks))) {
    yield* batcher.add(records);
    await nextTurn();
  }
  yield* batcher.flush();
  if (batcher.isEmpty) throw emptyFile(reader);
}

/** Removes the byte order mark that some programs write before UTF-8. @param chunks the first one contains the whole mark, if any */
async function* stripBom(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of chunks) {
    const hasBom = isFirst && chunk.subarray(0, BOM.length).equals(BOM);
    isFirst = false;
    yield hasBom ? chunk.subarray(BOM.length) : chunk;
  }
}

class Batcher {
  isEmpty = true;
  private pending: FileRecord[] = [];
  private bytes = 0;

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
    if (this.bytes >= BATCH_BYTES) yield* this.flush();
  }

  *flush(): Generator<FileRecord[]> {
    const { pending } = this;
    [this.pending, this.bytes] = [[], 0];
    if (pending.length === 0) return;
    this.isEmpty = false;
    yield pending;
  }
}

function emptyFile({ columns }: Reader): Error {
  return invalidFileError('empty', columns ? 'the file has a header and no rows' : 'the file is empty');
}
