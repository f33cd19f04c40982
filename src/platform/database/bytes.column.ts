import { Column, getMetadataArgsStorage } from 'typeorm';
import type { DatabaseSettings } from './database.settings.js';

/** Binary column types, the only types here that have different names in SQLite and PostgreSQL. */
const TYPES = { sqlite: 'blob', postgres: 'bytea' } as const;

const columns: { readonly target: object; readonly name: string }[] = [];

/** A column of bytes, with a Buffer as value. Migrations get the column's type from `bytesType`. */
export function BytesColumn(): PropertyDecorator {
  const declare = Column({ type: TYPES.sqlite });
  return (prototype, name) => {
    columns.push({ target: prototype.constructor, name: String(name) });
    declare(prototype, name);
  };
}

/** Sets the type of these columns for the database in use. A process uses one kind of database. */
export function adaptBytesColumns(kind: DatabaseSettings['kind']): void {
  for (const { target, propertyName, options } of getMetadataArgsStorage().columns) {
    const isBytesColumn = columns.some((column) => column.target === target && column.name === propertyName);
    if (isBytesColumn) options.type = TYPES[kind];
  }
}

/**
 * @param type of the data source
 * @returns the column type of bytes for a migration
 */
export function bytesType(type: string): string {
  return type === 'postgres' ? TYPES.postgres : TYPES.sqlite;
}
