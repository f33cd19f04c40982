import type { Options } from 'csv-parse/sync';
import { countLineBreaks, invalidFileError } from './file-errors.js';
import type { Delimiter } from './record.js';
import type { BoundaryScanner } from './split-records.js';

export interface Row {
  /** Number of the line at which the record begins. */
  readonly line: number;
  readonly cells: readonly string[];
}

const QUOTE = 0x22;
const LF = 0x0a;
const OPTIONS: Options = { record_delimiter: ['\r\n', '\n'], relax_column_count: true, skip_empty_lines: true };

type ParseText = (text: string) => string[][];

/** A CSV record ends at a line break outside of quotes. */
export class CsvBoundaryScanner implements BoundaryScanner {
  isQuoted = false;

  findEnd(bytes: Buffer, from: number): number {
    for (let index = from; index < bytes.length; index += 1) {
      const byte = bytes[index];
      if (byte === QUOTE) this.isQuoted = !this.isQuoted;
      else if (byte === LF && !this.isQuoted) return index + 1;
    }
    return 0;
  }
}

/**
 * Parses whole CSV records; skips empty lines. Text without quotes is split at its delimiters, which takes a fifth of csv-parse's time
 * (docs/dependencies.md has figures).
 *
 * @param line number of the first line of `text`
 */
export async function parseRows(text: string, line: number, delimiter: Delimiter): Promise<Row[]> {
  if (!text.includes('"')) return splitPlainRows(text, line, delimiter);
  const { parse } = await import('csv-parse/sync');
  return parseQuotedRows(text, line, (part) => parse(part, { ...OPTIONS, delimiter }));
}

function splitPlainRows(text: string, line: number, delimiter: Delimiter): Row[] {
  const rows: Row[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const content = stripCarriageReturn(lines[index]!);
    if (content !== '') rows.push({ line: line + index, cells: content.split(delimiter) });
  }
  return rows;
}

function parseQuotedRows(text: string, line: number, parse: ParseText): Row[] {
  const records = splitText(text, line);
  try {
    const rows = parse(text);
    return rows.map((cells, index) => ({ line: records[index]!.line, cells }));
  } catch {
    throw misplacedQuote(records, parse);
  }
}

/** Finds the record at fault by parsing each one alone. */
function misplacedQuote(records: readonly CsvText[], parse: ParseText): Error {
  const { line } = records.find((record) => !isWellFormed(record.text, parse)) ?? records[0]!;
  const rule = 'a cell with a quote in it is put in quotes, and the quote is doubled';
  return invalidFileError(
    'quote',
    `the record that begins in line ${line} has a quote where none can be: ${rule}`,
    line,
  );
}

function isWellFormed(text: string, parse: ParseText): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

interface CsvText {
  readonly text: string;
  readonly line: number;
}

/** The unparsed text of each record; skips empty lines. */
function splitText(text: string, firstLine: number): CsvText[] {
  const records: CsvText[] = [];
  const bytes = Buffer.from(text);
  const scanner = new CsvBoundaryScanner();
  let from = 0;
  let line = firstLine;
  while (from < bytes.length) {
    const end = scanner.findEnd(bytes, from) || bytes.length;
    const record = bytes.toString('utf8', from, end);
    if (stripCarriageReturn(record.replace(/\n$/, '')) !== '') records.push({ text: record, line });
    line += countLineBreaks(record);
    from = end;
  }
  return records;
}

function stripCarriageReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
