import type { DataSourceOptions, MixedList } from 'typeorm';
import { adaptBytesColumns } from './bytes.column.js';
import type { DatabaseSettings } from './database.settings.js';
import { importClasses } from './import-classes.js';
import { QueryTimeoutSubscriber } from './query-timeout.subscriber.js';
import type { SqliteConnection } from './sqlite.js';

const ENTITY_FILE = /[/\\]entities[/\\][\w-]+\.entity\.js$/;
const MIGRATION_FILE = /[/\\]migrations[/\\][\w-]+\.js$/;

/** Time for which a statement blocks this process while another process has the file locked, for example for recovery. */
const BUSY_TIMEOUT_MS = 20;

/**
 * Pages in the write-ahead log after which a commit runs a checkpoint, during which all writers wait. The checkpoint takes 2 ms, against
 * 11 ms for SQLite's default of 1,000 pages, at the same throughput (measured with commits of 0.2 to 220 kB).
 */
const CHECKPOINT_PAGES = 128;

/** Page cache per connection: SQLite's default. better-sqlite3's is 16 MB, but the operating system caches the file anyway. */
const CACHE_KILOBYTES = 2_000;

/** The write-ahead log grows during a backup and is truncated to this size afterwards. */
const MAX_IDLE_LOG_BYTES = 64 * 1024 * 1024;

/** A server that does not respond fails the request within seconds. */
const POSTGRES_LIMITS = {
  connectTimeoutMS: 5_000,
  extra: { statement_timeout: 10_000, query_timeout: 12_000 },
  subscribers: [QueryTimeoutSubscriber],
};

/**
 * Options of the data source, for the application and for the TypeORM command line. Entities come from `src/<room>/entities/`,
 * migrations from `src/<room>/migrations/`. `synchronize` stays off.
 */
export async function dataSourceOptions(settings: DatabaseSettings): Promise<DataSourceOptions> {
  const shared = {
    entities: (await importClasses(ENTITY_FILE)) as MixedList<() => void>,
    migrations: (await importClasses(MIGRATION_FILE)) as MixedList<() => void>,
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
    prepareDatabase: configureWriter,
  };
}

/** Makes commits durable. TypeORM's WAL option keeps `synchronous` at NORMAL, which can lose acknowledged writes in a power cut. */
export function configureWriter(connection: SqliteConnection): void {
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma(`cache_size = -${CACHE_KILOBYTES}`);
  connection.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  connection.pragma(`journal_size_limit = ${MAX_IDLE_LOG_BYTES}`);
}

/** Makes a connection read-only: a write fails, and cannot join the transaction of another request. */
export function configureReader(connection: SqliteConnection): void {
  configureWriter(connection);
  connection.pragma('query_only = ON');
}
