import { type Options, stringify } from 'csv-stringify/sync';
import { isDecimal, stringifyExactJson } from '../http/index.js';

/** What a spreadsheet takes for the beginning of a formula, in full width too. https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;
/** A text that is written as it stands, whatever is in its row. */
const PLAIN = /^[\w.: ]*$/;

const OPTIONS: Options = { cast: { string: defuse, boolean: String, bigint: String, object: asJson } };

/** Writes lines of CSV that a spreadsheet takes for texts and numbers only, never for formulas. */
export class CsvWriter {
  constructor(private readonly columns: readonly string[]) {}

  header(): string {
    return this.rows([this.columns]);
  }

  /** A line for each row; null and undefined are empty, what is nested is written as JSON. */
  rows(rows: readonly (readonly unknown[])[]): string {
    return rows.map((row) => (row.every(isPlain) ? `${row.join(',')}\n` : stringify([[...row]], OPTIONS))).join('');
  }
}

/** Most cells hold numbers and words. */
function isPlain(cell: unknown): boolean {
  return typeof cell === 'number' || (typeof cell === 'string' && (PLAIN.test(cell) || isDecimal(cell)));
}

/** A text that is a number stays one. */
function defuse(text: string): string {
  return FORMULA.test(text) && !isDecimal(text) ? `'${text}` : text;
}

function asJson(value: object): string {
  return stringifyExactJson(value) ?? '';
}
