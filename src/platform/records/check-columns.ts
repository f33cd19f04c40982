import { type FieldError, InvalidInputError } from '../http/index.js';
import type { ColumnRule, CsvHeader, ExtraColumns } from './record.js';

/** For the errors of columns. */
interface ColumnPlace {
  readonly location: FieldError['location'];
  readonly kind: 'column' | 'column of the header';
}

/** Checks a CSV header once, instead of the fields of every row. @throws InvalidInputError with an entry per unknown or missing column */
export function checkColumns({ columns, line }: CsvHeader, rule: ColumnRule, extra?: ExtraColumns): void {
  const place = { location: ['body', 'file', line], kind: 'column of the header' } as const;
  requireColumns(columns, extra ? { ...rule, extra } : rule, place);
}

/** @throws InvalidInputError with an entry per unknown or missing column */
export function requireColumns(
  columns: readonly string[],
  { names, required = [], extra = { isKept: false, hint: '' } }: ColumnRule,
  { location, kind }: ColumnPlace,
): void {
  const toError = (column: string, type: string, message: string): FieldError => {
    return { location: [...location, ...(column === '' ? [] : [column])], type, message };
  };
  const missing = required
    .filter((name) => !columns.includes(name))
    .map((name) => toError(name, 'missing', `${name} is required as a ${kind}`));
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
