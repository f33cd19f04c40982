import { countLineBreaks, CsvBoundaryScanner, parseRows, type Row } from './csv-rows.js';
import { decodeLines, invalidFileError } from './file-errors.js';
import type { FileRecord } from './record.js';
import { splitRecords } from './split-records.js';

const MAX_COLUMNS = 10_000;

/** Reads CSV as defined by RFC 4180: comma-separated, header in line 1, LF or CRLF, UTF-8. */
export class CsvReader {
  columns: readonly string[] | undefined;
  /** Number of the line at which the next record begins. */
  private line = 1;

  /** @param chunks the file without a byte order mark */
  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    const scanner = new CsvBoundaryScanner();
    for await (const { bytes, isRemainder } of splitRecords(chunks, scanner, () => this.recordTooLarge())) {
      const text = decodeLines(bytes, this.line);
      if (isRemainder && scanner.isQuoted) throw this.unclosedQuote();
      const rows = await parseRows(text, this.line);
      this.line += countLineBreaks(text);
      this.columns ??= parseHeader(rows.shift());
      yield this.toRecords(rows, this.columns);
    }
  }

  private toRecords(rows: readonly Row[], columns: readonly string[]): FileRecord[] {
    return rows.map(({ line, cells }) => {
      const location = ['body', 'file', line];
      if (cells.length === columns.length) return { position: line, location, value: toObject(cells, columns) };
      const message = `line ${line} has ${cells.length} cells, and the header has ${columns.length}`;
      return { position: line, location, value: undefined, error: { location, type: 'columns', message } };
    });
  }

  private unclosedQuote(): Error {
    const { line } = this;
    return invalidFileError('quote', `the record that begins in line ${line} has a quote that is not closed`, line);
  }

  private recordTooLarge(): Error {
    const { line } = this;
    const reason = 'is larger than 1 MB: is a quote not closed, or a line not ended?';
    return invalidFileError('length', `the record that begins in line ${line} ${reason}`, line);
  }
}

/** Omits empty cells. */
function toObject(cells: readonly string[], columns: readonly string[]): Record<string, string> {
  const value: Record<string, string> = {};
  for (let index = 0; index < columns.length; index += 1) {
    if (cells[index] !== '') value[columns[index]!] = cells[index]!;
  }
  return value;
}

function parseHeader(header: Row | undefined): string[] {
  if (header?.line !== 1) throw invalidFileError('header', 'line 1 is empty: it must name the columns', 1);
  const columns = header.cells.map((name) => name.trim());
  const flaw = describeHeaderFlaw(columns, header.cells);
  if (flaw !== undefined) throw invalidFileError('header', flaw, 1);
  return columns;
}

function describeHeaderFlaw(columns: readonly string[], cells: readonly string[]): string | undefined {
  const [first = ''] = columns;
  if (columns.length > MAX_COLUMNS) return `the header has ${columns.length} columns; there may be ${MAX_COLUMNS}`;
  if (cells.some((cell) => cell.includes('\r'))) return 'line 1 ends in CR alone: end lines with LF or CRLF';
  if (columns.length === 1 && first.includes(';')) return 'columns are separated by commas here, not by semicolons';
  if (columns.length === 1 && cells[0]!.includes('\t')) return 'columns are separated by commas here, not by tabs';
  const nameless = columns.indexOf('');
  if (nameless === 0) return 'the first column has no name (pandas writes such an index unless told index=False)';
  if (nameless > 0) return `column ${nameless + 1} has no name`;
  const seen = new Set<string>();
  const duplicate = columns.find((name) => seen.size === seen.add(name).size);
  if (duplicate !== undefined) return `there are two columns with the name ${duplicate}`;
  return columns.includes('__proto__') ? '__proto__ is not a known column' : undefined;
}
