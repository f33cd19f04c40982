import type { EntityManager, FindOneOptions } from 'typeorm';

/**
 * The `lock` of a find inside a transaction, which keeps the row as it is until the transaction ends. SQLite has no such
 * lock and needs none: its transactions follow one another.
 */
export function rowLock(manager: EntityManager): FindOneOptions['lock'] {
  return manager.dataSource.options.type === 'postgres' ? { mode: 'pessimistic_write' } : undefined;
}
