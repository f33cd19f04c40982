import type { DataSource } from 'typeorm';

/** What is used here of a better-sqlite3 statement: https://github.com/WiseLibs/better-sqlite3/blob/master/docs/api.md */
export interface Statement {
  /** Rows are arrays from then on. */
  raw(): Statement;
  get(...values: unknown[]): unknown;
  run(...values: unknown[]): { readonly lastInsertRowid: number | bigint };
}

/** And of its connection. */
export interface Sqlite {
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
}

/** The connection of a data source; undefined where the database is another one. */
export function sqliteOf({ driver, options }: DataSource): Sqlite | undefined {
  if (options.type !== 'better-sqlite3') return undefined;
  return (driver as unknown as { databaseConnection: Sqlite }).databaseConnection;
}
