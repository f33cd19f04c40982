import { Column, type ColumnOptions } from 'typeorm';

/** An integer up to 2^53, such as a count of rows or bytes. PostgreSQL's driver returns a bigint as text. */
export function SafeIntegerColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({ ...options, type: 'bigint', transformer: { to: (value: unknown) => value, from: Number } });
}
