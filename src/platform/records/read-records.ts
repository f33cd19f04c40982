import { setImmediate as nextTurn } from 'node:timers/promises';
import { inPieces } from '../async/index.js';
import { CsvReader } from './csv-reader.js';
import { invalidFile } from './file-errors.js';
import { JsonLinesReader } from './json-lines-reader.js';
import { JsonReader } from './json-reader.js';
import type { FileRecord, ReadOptions, RecordFormat, RecordReader } from './record.js';
import { stripBom } from './strip-bom.js';

/** So much is parsed before others have their turn. */
const PIECE_BYTES = 8 * 1024;
const BATCH_RECORDS = 256;
/** Of large records there are fewer in a batch. */
const BATCH_BYTES = 256 * 1024;

interface Reader {
  readonly columns: readonly string[] | undefined;
  read(pieces: AsyncIterable<Buffer>): AsyncIterable<FileRecord[]>;
}

/**
 * Reads a file of rows in bounded memory, however large it is: CSV with commas and a header in line 1, JSON lines, or a JSON
 * array, `{"instances": […]}` or one object. All in UTF-8.
 *
 * @throws InvalidInputError at `["body", "file", …]` where the file cannot be read as a whole; what `source` throws
 */
export function readRecords(
  source: AsyncIterable<Buffer>,
  format: RecordFormat,
  options: ReadOptions = {},
): RecordReader {
  const reader = readerOf(format, options);
  return {
    get columns() {
      return reader.columns;
    },
    [Symbol.asyncIterator]: () => batchesOf(source, reader),
  };
}

function readerOf(format: RecordFormat, options: ReadOptions): Reader {
  if (format === 'csv') return new CsvReader();
  return format === 'jsonl' ? new JsonLinesReader() : new JsonReader(options);
}

async function* batchesOf(source: AsyncIterable<Buffer>, reader: Reader): AsyncGenerator<readonly FileRecord[]> {
  const batches = new Batches();
  const pieces = stripBom(inPieces(source, PIECE_BYTES));
  for await (const records of reader.read(batches.count(pieces))) {
    yield* batches.add(records);
    await nextTurn();
  }
  yield* batches.end();
  if (batches.isEmpty) throw empty(reader);
}

/** Makes batches of records as they come. */
class Batches {
  isEmpty = true;
  private held: FileRecord[] = [];
  private bytes = 0;

  async *count(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      this.bytes += piece.length;
      yield piece;
    }
  }

  *add(records: readonly FileRecord[]): Generator<FileRecord[]> {
    for (const record of records) {
      this.held.push(record);
      if (this.held.length === BATCH_RECORDS) yield* this.end();
    }
    if (this.bytes >= BATCH_BYTES) yield* this.end();
  }

  *end(): Generator<FileRecord[]> {
    const { held } = this;
    [this.held, this.bytes] = [[], 0];
    if (held.length === 0) return;
    this.isEmpty = false;
    yield held;
  }
}

function empty({ columns }: Reader): Error {
  return invalidFile('empty', columns ? 'the file has a header and no rows' : 'the file is empty');
}
