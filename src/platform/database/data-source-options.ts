import type { DataSourceOptions, MixedList } from 'typeorm';
import { adaptBytesColumns } from './bytes.column.js';
import type { DatabaseSettings } from './database.settings.js';
import { discover } from './discover.js';
import { SilentConnections } from './silent-connections.js';

/** The part of a better-sqlite3 connection that is used here. */
interface SqliteConnection {
  pragma(text: string): unknown;
}

const ENTITY_FILE = /[/\\]entities[/\\][\w-]+\.entity\.js$/;
const MIGRATION_FILE = /[/\\]migrations[/\\][\w-]+\.js$/;

/** How long a statement may stop everybody else while another process has the file locked, as at its recovery. */
const BUSY_TIMEOUT_MS = 20;

/**
 * Who commits beyond so many pages in the write-ahead log carries them over into the database, and everybody waits: 2 ms, where
 * SQLite's own 1,000 pages took 11, at the same throughput. Measured with commits of 0.2 to 220 kB.
 */
const CHECKPOINT_PAGES = 128;

/** Of pages, for each connection, as SQLite has it; better-sqlite3 would take 16 MB, and the operating system keeps the file in memory anyway. */
const CACHE_KILOBYTES = 2_000;

/** A backup keeps the write-ahead log from being written anew, so that it grows; it is cut back to this afterwards. */
const MAX_KEPT_LOG_BYTES = 64 * 1024 * 1024;

/** A server that does not answer is an error in seconds, not a request that hangs. */
const POSTGRES_LIMITS = {
  connectTimeoutMS: 5_000,
  extra: { statement_timeout: 10_000, query_timeout: 12_000 },
  subscribers: [SilentConnections],
};

/**
 * How to open the database, for the application and for the TypeORM command line: every entity under
 * `src/<feature>/entities/`, every migration under `src/<feature>/migrations/`, and never `synchronize`.
 */
export async function dataSourceOptions(settings: DatabaseSettings): Promise<DataSourceOptions> {
  const shared = {
    entities: (await discover(ENTITY_FILE)) as MixedList<() => void>,
    migrations: (await discover(MIGRATION_FILE)) as MixedList<() => void>,
    synchronize: false,
    logging: false,
  };
  adaptBytesColumns(settings.kind);
  if (settings.kind === 'postgres') return { ...shared, type: 'postgres', url: settings.location, ...POSTGRES_LIMITS };
  return {
    ...shared,
    type: 'better-sqlite3',
    database: settings.location,
    timeout: BUSY_TIMEOUT_MS,
    prepareDatabase: makeDurable,
  };
}

/** TypeORM's own WAL option leaves `synchronous` at NORMAL, which acknowledges writes that a power cut can lose. */
export function makeDurable(connection: SqliteConnection): void {
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma(`cache_size = -${CACHE_KILOBYTES}`);
  connection.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  connection.pragma(`journal_size_limit = ${MAX_KEPT_LOG_BYTES}`);
}

/** For a connection that must not write: a write through it fails instead of joining somebody's transaction. */
export function makeReadOnly(connection: SqliteConnection): void {
  makeDurable(connection);
  connection.pragma('query_only = ON');
}
