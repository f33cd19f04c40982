import { type Options, stringify } from 'csv-stringify/sync';
import { isDecimal, stringifyExactJson } from '../http/index.js';

/** Characters at which a spreadsheet starts a formula, full-width forms included. https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;
/** Cells that need neither quotes nor escaping. */
const PLAIN = /^[\w.: ]*$/;

const OPTIONS: Options = { cast: { string: escapeFormula, boolean: String, bigint: String, object: asJson } };

/** Writes CSV in which a spreadsheet finds text and numbers, and no formulas. */
export class CsvWriter {
  constructor(private readonly columns: readonly string[]) {}

  header(): string {
    return this.rows([this.columns]);
  }

  /** One line per row. null and undefined become empty cells; objects and arrays become JSON. */
  rows(rows: readonly (readonly unknown[])[]): string {
    return rows.map((row) => (row.every(isPlain) ? `${row.join(',')}\n` : stringify([[...row]], OPTIONS))).join('');
  }
}

/** Fast path: most cells are numbers and words. */
function isPlain(cell: unknown): boolean {
  return typeof cell === 'number' || (typeof cell === 'string' && (PLAIN.test(cell) || isDecimal(cell)));
}

/** Leaves text that is a number unchanged. */
function escapeFormula(text: string): string {
  return FORMULA.test(text) && !isDecimal(text) ? `'${text}` : text;
}

function asJson(value: object): string {
  return stringifyExactJson(value) ?? '';
}
