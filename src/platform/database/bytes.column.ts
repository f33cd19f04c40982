import { Column, getMetadataArgsStorage } from 'typeorm';
import type { DatabaseSettings } from './database.settings.js';

/** The column type of bytes: the only one that is called differently by SQLite and PostgreSQL, and that both need. */
const TYPES = { sqlite: 'blob', postgres: 'bytea' } as const;

const columns: { readonly target: object; readonly name: string }[] = [];

/** Bytes, as a Buffer. A migration asks `bytesType` for the column's type. */
export function BytesColumn(): PropertyDecorator {
  const declare = Column({ type: TYPES.sqlite });
  return (prototype, name) => {
    columns.push({ target: prototype.constructor, name: String(name) });
    declare(prototype, name);
  };
}

/** Gives such columns the type that this kind of database has; a process has one kind. */
export function adaptBytesColumns(kind: DatabaseSettings['kind']): void {
  for (const { target, propertyName, options } of getMetadataArgsStorage().columns) {
    const isOne = columns.some((column) => column.target === target && column.name === propertyName);
    if (isOne) options.type = TYPES[kind];
  }
}

/** What a migration calls the type. @param type that of the data source's options */
export function bytesType(type: string): string {
  return type === 'postgres' ? TYPES.postgres : TYPES.sqlite;
}
