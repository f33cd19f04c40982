import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type DataSourceOptions, type Migration } from 'typeorm';
import { isBusy } from './database-errors.js';

/** An arbitrary key, the same in every process. */
const ADVISORY_LOCK_KEY = 7_240_326;
const MAX_WAIT_MS = 30_000;

/**
 * Applies the pending migrations. Processes take turns; a process that had to wait finds nothing to do.
 *
 * @returns the names of the applied migrations
 */
export async function migrate(options: DataSourceOptions): Promise<string[]> {
  // A migration, and the wait for another process, may exceed the query timeout of the application.
  const unlimited = options.type === 'postgres' ? { ...options, extra: {} } : options;
  const dataSource = await new DataSource(unlimited).initialize();
  try {
    const run = options.type === 'postgres' ? migratePostgres : migrateSqlite;
    return (await run(dataSource)).map(({ name }) => name);
  } finally {
    await dataSource.destroy();
  }
}

async function migratePostgres(dataSource: DataSource): Promise<Migration[]> {
  const lock = dataSource.createQueryRunner();
  await lock.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK_KEY]);
  try {
    return await dataSource.runMigrations({ transaction: 'all' });
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK_KEY]);
    await lock.release();
  }
}

/** SQLite's write lock serializes processes: pending migrations are found and run inside one IMMEDIATE transaction. */
async function migrateSqlite(dataSource: DataSource): Promise<Migration[]> {
  const deadline = Date.now() + MAX_WAIT_MS;
  await dataSource.query('PRAGMA foreign_keys = OFF');
  while (!(await tryBegin(dataSource))) {
    if (Date.now() > deadline) throw new Error('Another process has kept the database locked for 30 seconds');
    await delay(50);
  }
  try {
    const applied = await dataSource.runMigrations({ transaction: 'none' });
    await dataSource.query('COMMIT');
    return applied;
  } catch (error) {
    await dataSource.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function tryBegin(dataSource: DataSource): Promise<boolean> {
  try {
    await dataSource.query('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}
