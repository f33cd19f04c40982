import type { ReadOptions, RecordFormat, RecordReader } from './record.js';

/**
 * Reads a file of rows in bounded memory, however large it is.
 *
 * @throws InvalidInputError at `["body", "file", …]` where the file cannot be read as a whole; what `source` throws
 */
export function readRecords(
  _source: AsyncIterable<Buffer>,
  _format: RecordFormat,
  _options: ReadOptions = {},
): RecordReader {
  throw new Error('not written yet');
}
