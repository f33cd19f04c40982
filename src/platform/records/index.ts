export { checkColumns } from './check-columns.js';
export { CsvWriter } from './csv-writer.js';
export { fileBodyContent, fileFormContent } from './file-body-content.js';
export { readRecords } from './read-records.js';
export type { FileRecord, ReadOptions, RecordFormat, RecordReader } from './record.js';
export { requireFormat, detectFormat } from './record-format.js';
