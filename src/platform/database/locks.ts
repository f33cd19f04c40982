import type { EntityManager, FindOneOptions } from 'typeorm';

/**
 * @returns the `lock` option of a find that keeps the row unchanged until the transaction ends (`SELECT … FOR UPDATE`);
 *   undefined on SQLite, whose write transactions are serial
 */
export function rowLock(manager: EntityManager): FindOneOptions['lock'] {
  return isPostgres(manager) ? { mode: 'pessimistic_write' } : undefined;
}

/**
 * Waits for an exclusive lock across all processes and holds it until the transaction ends. SQLite needs none: its write
 * transactions are serial.
 *
 * @param key of a PostgreSQL advisory lock; migrations use another one
 */
export async function acquireTransactionLock(manager: EntityManager, key: number): Promise<void> {
  if (isPostgres(manager)) await manager.query('SELECT pg_advisory_xact_lock($1)', [key]);
}

function isPostgres({ dataSource }: EntityManager): boolean {
  return dataSource.options.type === 'postgres';
}
