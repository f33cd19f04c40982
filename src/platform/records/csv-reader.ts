import { CsvScanner, linesIn, type Row, parseRows } from './csv-rows.js';
import { cut } from './split-records.js';
import { decodeLines, invalidFile } from './file-errors.js';
import type { FileRecord } from './record.js';

const MAX_COLUMNS = 10_000;

/** Reads CSV as RFC 4180 has it: commas, a header in line 1, LF or CRLF, in UTF-8. */
export class CsvReader {
  columns: readonly string[] | undefined;
  private line = 1;

  /** @param pieces of the file, without a byte order mark */
  async *read(pieces: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    const scanner = new CsvScanner();
    for await (const { bytes, isRest } of cut(pieces, scanner, () => this.tooLarge())) {
      const text = decodeLines(bytes, this.line);
      if (isRest && scanner.isQuoted) throw this.open();
      const rows = await parseRows(text, this.line);
      this.line += linesIn(text);
      this.columns ??= columnsOf(rows.shift());
      yield this.recordsOf(rows, this.columns);
    }
  }

  private recordsOf(rows: readonly Row[], columns: readonly string[]): FileRecord[] {
    return rows.map(({ line, cells }) => {
      const location = ['body', 'file', line];
      if (cells.length === columns.length) return { position: line, location, value: valueOf(cells, columns) };
      const message = `line ${line} has ${cells.length} cells, and the header has ${columns.length}`;
      return { position: line, location, value: undefined, error: { location, type: 'columns', message } };
    });
  }

  private open(): Error {
    const { line } = this;
    return invalidFile('quote', `the record that begins in line ${line} has a quote that is not closed`, line);
  }

  private tooLarge(): Error {
    const { line } = this;
    const reason = 'is larger than 1 MB: is a quote not closed, or a line not ended?';
    return invalidFile('length', `the record that begins in line ${line} ${reason}`, line);
  }
}

function valueOf(cells: readonly string[], columns: readonly string[]): Record<string, string> {
  const value: Record<string, string> = {};
  for (let index = 0; index < columns.length; index += 1) {
    if (cells[index] !== '') value[columns[index]!] = cells[index]!;
  }
  return value;
}

/** The names in a header, each of which there is once. */
function columnsOf(header: Row | undefined): string[] {
  if (header?.line !== 1) throw invalidFile('header', 'line 1 is empty: it must name the columns', 1);
  const columns = header.cells.map((name) => name.trim());
  const flaw = flawOf(columns, header.cells);
  if (flaw !== undefined) throw invalidFile('header', flaw, 1);
  return columns;
}

function flawOf(columns: readonly string[], cells: readonly string[]): string | undefined {
  const [first = ''] = columns;
  if (columns.length > MAX_COLUMNS) return `the header has ${columns.length} columns; there may be ${MAX_COLUMNS}`;
  if (cells.some((cell) => cell.includes('\r'))) return 'line 1 ends in CR alone: end lines with LF or CRLF';
  if (columns.length === 1 && first.includes(';')) return 'columns are separated by commas here, not by semicolons';
  if (columns.length === 1 && cells[0]!.includes('\t')) return 'columns are separated by commas here, not by tabs';
  const nameless = columns.indexOf('');
  if (nameless === 0) return 'the first column has no name (pandas writes such an index unless told index=False)';
  if (nameless > 0) return `column ${nameless + 1} has no name`;
  const seen = new Set<string>();
  const twice = columns.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) return `there are two columns with the name ${twice}`;
  return columns.includes('__proto__') ? '__proto__ is not a known column' : undefined;
}
