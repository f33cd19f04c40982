import { type FieldError, InvalidInputError, type TextFields } from '../http/index.js';

/** Checks a CSV header once, instead of the fields of every row. @throws InvalidInputError with an entry per unknown or missing column */
export function checkColumns(columns: readonly string[], { names, required }: TextFields): void {
  const missing = required
    .filter((name) => !columns.includes(name))
    .map((name) => columnError(name, 'missing', 'is required as a column of the header'));
  const unknown = columns
    .filter((column) => !names.includes(column))
    .map((column) => columnError(column, 'unknown', `is not a known column; known: ${names.join(', ')}`));
  if (missing.length + unknown.length > 0) throw new InvalidInputError([...missing, ...unknown]);
}

function columnError(column: string, type: string, reason: string): FieldError {
  return { location: ['body', 'file', 1, column], type, message: `${column} ${reason}` };
}
