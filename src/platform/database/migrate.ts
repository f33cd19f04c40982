import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type DataSourceOptions, type Migration } from 'typeorm';
import { isBusy } from './database-failure.js';

/** Any number will do, as long as every process of this product uses the same. */
const POSTGRES_LOCK = 7_240_326;
const MAX_WAIT_MS = 30_000;

/**
 * Brings the schema up to date, one process at a time; the others wait and find nothing to do. Answers the names of the
 * migrations that were applied.
 */
export async function migrate(options: DataSourceOptions): Promise<string[]> {
  // A migration, or the wait for another process's, may take longer than any query of the application.
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
  await lock.query('SELECT pg_advisory_lock($1)', [POSTGRES_LOCK]);
  try {
    return await dataSource.runMigrations({ transaction: 'all' });
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [POSTGRES_LOCK]);
    await lock.release();
  }
}

/** The write lock is the lock: pending migrations are looked up and run inside one IMMEDIATE transaction. */
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
