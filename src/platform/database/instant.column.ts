import { Column, type ColumnOptions } from 'typeorm';

/**
 * A point in time, stored as milliseconds since 1970-01-01 UTC, with the same order, precision and time zone on SQLite and PostgreSQL.
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
