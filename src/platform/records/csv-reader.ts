import { readDelimiterLine, sniffDelimiter } from './csv-dialect.js';
import { CsvRecord } from './csv-record.js';
import { CsvBoundaryScanner, parseRows, type Row } from './csv-rows.js';
import { countLineBreaks, decodeLines, invalidFileError, NAME_ENCODING } from './file-errors.js';
import type { CsvHeader, Delimiter, FileRecord, ReadOptions } from './record.js';
import { splitRecords } from './split-records.js';

const MAX_COLUMNS = 10_000;

/** Reads CSV as defined by RFC 4180, with any of the delimiters: a header, LF or CRLF. */
export class CsvReader {
  header: CsvHeader | undefined;
  /** Number of the line at which the next record begins. */
  private line = 1;
  private delimiter: Delimiter | undefined;

  constructor(private readonly options: ReadOptions) {
    this.delimiter = options.delimiter;
  }

  /** @param chunks the file in UTF-8, without a byte order mark */
  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    const scanner = new CsvBoundaryScanner();
    for await (const { bytes, isRemainder } of splitRecords(chunks, scanner, () => this.recordTooLarge())) {
      const text = this.skipDelimiterLine(decodeLines(bytes, this.line));
      if (isRemainder && scanner.isQuoted) throw this.unclosedQuote();
      if (!this.header && text === '') continue;
      this.delimiter ??= await sniffDelimiter(firstRecord(text), this.options.columns?.names);
      const rows = await parseRows(text, this.line, this.delimiter);
      this.header ??= { columns: parseHeader(rows.shift(), this.line), line: this.line, delimiter: this.delimiter };
      this.line += countLineBreaks(text);
      yield this.toRecords(rows, this.header.columns);
    }
  }

  /** Text without the line `sep=;` that Excel may put before the header. */
  private skipDelimiterLine(text: string): string {
    if (this.line > 1) return text;
    const found = readDelimiterLine(text);
    if (!found) return text;
    this.delimiter ??= found.delimiter;
    this.line = 2;
    return text.slice(found.length);
  }

  private toRecords(rows: readonly Row[], columns: readonly string[]): FileRecord[] {
    return rows.map(({ line, cells }) => {
      if (cells.length === columns.length) return new CsvRecord(line, columns, cells);
      const location = ['body', 'file', line];
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

/** @param line number of the line in which it must begin */
function parseHeader(header: Row | undefined, line: number): string[] {
  if (header?.line !== line) throw invalidFileError('header', `line ${line} is empty: it must name the columns`, line);
  const columns = header.cells.map((name) => name.trim());
  const flaw = describeHeaderFlaw(columns, header);
  if (flaw !== undefined) throw invalidFileError('header', flaw, line);
  return columns;
}

function describeHeaderFlaw(columns: readonly string[], { cells, line }: Row): string | undefined {
  if (columns.length > MAX_COLUMNS) return `the header has ${columns.length} columns; there may be ${MAX_COLUMNS}`;
  if (cells.some((cell) => cell.includes('\0'))) return `the file is not text, or UTF-16: ${NAME_ENCODING}`;
  if (cells.some((cell) => cell.includes('\r'))) return `line ${line} ends in CR alone: end lines with LF or CRLF`;
  const nameless = columns.lastIndexOf('');
  if (nameless !== columns.indexOf('')) return `column ${nameless + 1} has no name`;
  const seen = new Set<string>();
  const duplicate = columns.find((name) => seen.size === seen.add(name).size);
  if (duplicate !== undefined) return `there are two columns with the name ${duplicate}`;
  return columns.includes('__proto__') ? '__proto__ is not a known column' : undefined;
}

function firstRecord(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.toString('utf8', 0, new CsvBoundaryScanner().findEnd(bytes, 0) || bytes.length);
}
