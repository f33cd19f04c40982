import type { EntityManager } from 'typeorm';

/**
 * Of those who ask for the same lock, in any process, one after the other goes on: each holds it until its transaction ends.
 * SQLite's transactions follow one another anyway.
 *
 * @param lock any number that nobody else uses, that of the migrations included
 */
export async function acquireTransactionLock(manager: EntityManager, lock: number): Promise<void> {
  if (manager.dataSource.options.type === 'postgres') await manager.query('SELECT pg_advisory_xact_lock($1)', [lock]);
}
