import { type FieldError, InvalidInputError, type TextFields } from '../http/index.js';
import type { CsvHeader } from './record.js';

/** How to treat columns that are not known. */
export interface ExtraColumns {
  /** Whether to accept them, beside at least one that is known. */
  readonly isKept: boolean;
  /** How to have them accepted, to follow the message of an error. */
  readonly hint: string;
}

const REFUSED: ExtraColumns = { isKept: false, hint: '' };

/** Checks a CSV header once, instead of the fields of every row. @throws InvalidInputError with an entry per unknown or missing column */
export function checkColumns({ columns, line }: CsvHeader, { names, required }: TextFields, extra = REFUSED): void {
  const toError = (column: string, type: string, message: string): FieldError => {
    return { location: ['body', 'file', line, ...(column === '' ? [] : [column])], type, message };
  };
  const missing = required
    .filter((name) => !columns.includes(name))
    .map((name) => toError(name, 'missing', `${name} is required as a column of the header`));
  const known = new Set(names);
  const isKept = extra.isKept && columns.some((column) => known.has(column));
  const unknown = columns
    .filter((column) => !isKept && !known.has(column))
    .map((column) => {
      if (column === '') return toError(column, 'header', `${describeNameless(columns)}${extra.hint}`);
      const message = `${column} is not a known column; known: ${names.join(', ')}`;
      return toError(column, 'unknown', `${message}${extra.hint}`);
    });
  if (missing.length + unknown.length > 0) throw new InvalidInputError([...missing, ...unknown]);
}

function describeNameless(columns: readonly string[]): string {
  const index = columns.indexOf('');
  if (index > 0) return `column ${index + 1} has no name`;
  return 'the first column has no name (pandas writes such an index unless told index=False)';
}
