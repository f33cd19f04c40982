import { Column, type ColumnOptions } from 'typeorm';

/**
 * A point in time, kept as whole milliseconds since 1970 UTC: the same order, precision and zone on SQLite and PostgreSQL.
 */
export function InstantColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({
    ...options,
    type: 'bigint',
    transformer: {
      to: (value: unknown) => (value instanceof Date ? value.getTime() : value),
      from: (value: string | number | null) => (value === null ? null : new Date(Number(value))),
    },
  });
}
