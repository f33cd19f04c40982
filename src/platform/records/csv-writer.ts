import { type Options, stringify } from 'csv-stringify/sync';
import { stringifyExactJson } from '../http/index.js';

/** What a spreadsheet takes for the beginning of a formula, in full width too. https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** Longer ones need no look. */
const MAX_NUMBER_LENGTH = 400;
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
  return typeof cell === 'number' || (typeof cell === 'string' && (PLAIN.test(cell) || isNumber(cell)));
}

function isNumber(text: string): boolean {
  return text.length <= MAX_NUMBER_LENGTH && DECIMAL.test(text);
}

/** A text that is a number stays one. */
function defuse(text: string): string {
  return FORMULA.test(text) && !isNumber(text) ? `'${text}` : text;
}

function asJson(value: object): string {
  return stringifyExactJson(value) ?? '';
}
