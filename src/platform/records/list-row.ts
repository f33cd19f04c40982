import type { FieldError } from '../http/index.js';
import type { ListRow } from './json-rows.js';

/** A row with names, or the error of a list that is none. Objects, and what is no row at all, are returned as they are. */
export function namedRow(
  value: unknown,
  lists: ListRow | undefined,
  location: FieldError['location'],
): { readonly value: unknown; readonly error?: FieldError } {
  const isList = Array.isArray(value);
  if (!lists || (typeof value === 'object' && !isList)) return { value };
  const { names, isWhole } = lists;
  // A plain value is a row where rows have one value.
  if (isWhole || (!isList && names.length === 1)) return { value: { [names[0]!]: value } };
  if (!isList) return { value };
  const named = nameValues(value, names);
  return named ? { value: named } : { value: undefined, error: rowLengthError(location, names) };
}

/** A row by the names of its values; undefined where it is no list with a value for each. */
export function nameValues(values: unknown, names: readonly string[]): Record<string, unknown> | undefined {
  if (!Array.isArray(values) || values.length !== names.length) return undefined;
  const row: Record<string, unknown> = {};
  for (let index = 0; index < names.length; index += 1) setOwn(row, names[index]!, values[index]);
  return row;
}

/** The error of a row of a table that is no list with a value for each column. */
export function rowLengthError(location: FieldError['location'], names: readonly string[]): FieldError {
  const message = `must be a list of ${names.length} values: ${names.join(', ')}`;
  return { location, type: 'columns', message: `${location.slice(1).join('.')} ${message}` };
}

function setOwn(row: Record<string, unknown>, name: string, value: unknown): void {
  // An assignment would set the prototype.
  if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true });
  else row[name] = value;
}
