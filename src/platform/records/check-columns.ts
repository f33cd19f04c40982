import { type FieldError, InvalidInputError, type TextFields } from '../http/index.js';
import type { CsvHeader } from './record.js';

/** Checks a CSV header once, instead of the fields of every row. @throws InvalidInputError with an entry per unknown or missing column */
export function checkColumns({ columns, line }: CsvHeader, { names, required }: TextFields): void {
  const toError = (column: string, type: string, reason: string): FieldError => {
    return { location: ['body', 'file', line, ...(column === '' ? [] : [column])], type, message: reason };
  };
  const missing = required
    .filter((name) => !columns.includes(name))
    .map((name) => toError(name, 'missing', `${name} is required as a column of the header`));
  const unknown = columns
    .filter((column) => !names.includes(column))
    .map((column) =>
      column === ''
        ? toError(column, 'header', describeNameless(columns.indexOf('')))
        : toError(column, 'unknown', `${column} is not a known column; known: ${names.join(', ')}`),
    );
  if (missing.length + unknown.length > 0) throw new InvalidInputError([...missing, ...unknown]);
}

function describeNameless(index: number): string {
  if (index > 0) return `column ${index + 1} has no name`;
  return 'the first column has no name (pandas writes such an index unless told index=False)';
}
