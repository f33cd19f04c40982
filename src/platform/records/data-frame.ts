import { type FieldError, InvalidInputError } from '../http/index.js';
import { requireColumns } from './check-columns.js';
import type { ColumnRule } from './record.js';

type Location = FieldError['location'];

/** Columns, and a list of values for each row: what `DataFrame.to_json(orient="split")` of pandas writes. */
export interface DataFrame {
  readonly columns: readonly string[];
  readonly data: readonly unknown[];
}

const MEMBERS = ['columns', 'index', 'data'];

/**
 * Parses a table. Its `index` is only counted.
 *
 * @param location of the table, such as `["body", "dataframe_split"]`
 * @throws InvalidInputError; the rows are not checked
 */
export function parseDataFrame(value: unknown, location: Location): DataFrame {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(location, 'object', 'must be an object with "columns" and "data"');
  }
  const unknown = Object.keys(value).find((key) => !MEMBERS.includes(key));
  if (unknown !== undefined) throw unknownMember(location, unknown);
  const { columns, index, data } = value as Readonly<Record<string, unknown>>;
  const names = parseColumns(columns, location);
  if (!Array.isArray(data)) throw invalidData(location);
  const isWrongIndex = Array.isArray(index) ? index.length !== data.length : index !== undefined && index !== null;
  if (isWrongIndex) throw invalidIndex(data.length, location);
  return { columns: names, data };
}

/** For a member of a table that is none of its own. */
export function unknownMember(location: Location, name: string): InvalidInputError {
  return invalid([...location, name], 'unknown', `is not a known field; known: ${MEMBERS.join(', ')}`);
}

/** @throws InvalidInputError where the names of the columns are not all different texts */
export function parseColumns(value: unknown, location: Location): string[] {
  const place = [...location, 'columns'];
  if (!Array.isArray(value) || value.length === 0) {
    throw invalid(place, 'array', 'must be an array with the name of each column');
  }
  // Pandas numbers the columns of a table that was made without names.
  const names = value.map((name: unknown) => (typeof name === 'number' ? String(name) : name));
  const seen = new Set<unknown>();
  names.forEach((name, index) => {
    if (typeof name !== 'string') throw invalid([...place, index], 'text', 'must be the name of a column');
    if (seen.has(name)) throw invalid([...place, index], 'duplicate', `is the second column with the name ${name}`);
    seen.add(name);
  });
  return names as string[];
}

/** Checks the columns of a table. @throws InvalidInputError with an entry per unknown or missing column */
export function checkFrameColumns(columns: readonly string[], rule: ColumnRule, location: Location): void {
  requireColumns(columns, rule, { location: [...location, 'columns'], kind: 'column' });
}

export function invalidData(location: Location): InvalidInputError {
  return invalid([...location, 'data'], 'array', 'must be an array of rows');
}

/** For an index that does not have an entry for each row. */
export function invalidIndex(rows: number, location: Location): InvalidInputError {
  const message = `must be an array with an entry for each of the ${rows} rows, or be left out`;
  return invalid([...location, 'index'], 'length', message);
}

/** An error whose message begins with its location. */
export function invalid(location: Location, type: string, reason: string): InvalidInputError {
  return new InvalidInputError([{ location, type, message: `${location.slice(1).join('.')} ${reason}` }]);
}
