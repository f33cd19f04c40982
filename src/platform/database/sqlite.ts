import type { DataSource } from 'typeorm';

/** The part of a better-sqlite3 statement in use: https://github.com/WiseLibs/better-sqlite3/blob/master/docs/api.md */
export interface Statement {
  /** Makes `get` return rows as arrays. */
  raw(): Statement;
  get(...values: unknown[]): unknown;
  run(...values: unknown[]): { readonly lastInsertRowid: number | bigint };
}

/** The part of a better-sqlite3 connection in use. */
export interface SqliteConnection {
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  pragma(sql: string): unknown;
  prepare(sql: string): Statement;
}

/** @returns the connection of a data source; undefined for PostgreSQL */
export function sqliteConnection({ driver, options }: DataSource): SqliteConnection | undefined {
  if (options.type !== 'better-sqlite3') return undefined;
  return (driver as unknown as { databaseConnection: SqliteConnection }).databaseConnection;
}
