export { checkColumns } from './check-columns.js';
export { CsvWriter } from './csv-writer.js';
export { readDelimiterLine } from './csv-dialect.js';
export { DelimiterParameter } from './delimiter-parameter.js';
export { fileBodyContent, fileFormContent } from './file-body-content.js';
export { checkFrameColumns, type DataFrame, invalid, parseDataFrame } from './data-frame.js';
export { type JsonRows, type ListRow, ROW_MEMBERS, type RowMember } from './json-rows.js';
export { namedRow, nameValues, rowLengthError } from './list-row.js';
export { readRecords } from './read-records.js';
export type {
  ColumnRule,
  CsvHeader,
  Delimiter,
  ExtraColumns,
  FileRecord,
  ReadOptions,
  RecordFormat,
  RecordReader,
} from './record.js';
export { declaredDelimiter, detectFormat, requireFormat } from './record-format.js';
export { toUtf8 } from './to-utf8.js';
