export { CsvWriter } from './csv-writer.js';
export { readRecords } from './read-records.js';
export type { FileRecord, ReadOptions, RecordFormat, RecordReader } from './record.js';
export { formatOf } from './record-format.js';
