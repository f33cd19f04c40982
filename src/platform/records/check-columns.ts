import { type FieldError, InvalidInputError, type TextFields } from '../http/index.js';

/** Throws `InvalidInputError` with an entry for each column of a header that is unknown or missing: once, not in every row. */
export function checkColumns(columns: readonly string[], { names, required }: TextFields): void {
  const missing = required
    .filter((name) => !columns.includes(name))
    .map((name) => broken(name, 'missing', 'is required as a column of the header'));
  const unknown = columns
    .filter((column) => !names.includes(column))
    .map((column) => broken(column, 'unknown', `is not a known column; known: ${names.join(', ')}`));
  if (missing.length + unknown.length > 0) throw new InvalidInputError([...missing, ...unknown]);
}

function broken(column: string, type: string, rest: string): FieldError {
  return { location: ['body', 'file', 1, column], type, message: `${column} ${rest}` };
}
