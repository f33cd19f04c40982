export { checkColumns, type ExtraColumns } from './check-columns.js';
export { CsvWriter } from './csv-writer.js';
export { readDelimiterLine } from './csv-dialect.js';
export { DelimiterParameter } from './delimiter-parameter.js';
export { fileBodyContent, fileFormContent } from './file-body-content.js';
export { readRecords } from './read-records.js';
export type { CsvHeader, Delimiter, FileRecord, ReadOptions, RecordFormat, RecordReader } from './record.js';
export { declaredDelimiter, detectFormat, requireFormat } from './record-format.js';
export { toUtf8 } from './to-utf8.js';
