export { checkColumns } from './check-columns.js';
export { CsvWriter } from './csv-writer.js';
export { fileContents } from './file-contents.js';
export { readRecords } from './read-records.js';
export type { FileRecord, ReadOptions, RecordFormat, RecordReader } from './record.js';
export { demandFormat, formatOf } from './record-format.js';
