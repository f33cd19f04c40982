import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { translateDatabaseError } from './database-errors.js';
import { configureWriter } from './data-source-options.js';
import { SqliteWriter } from './sqlite-writer.js';

export interface UnitOptions {
  /**
   * Commits without waiting for the disk, for work that is repeated after a power cut. The unit becomes durable with the next durable
   * unit; the order of commits is kept. Ignored on PostgreSQL, where a crash of the server alone would lose the commit
   * unnoticed by the application.
   */
  readonly delayedDurability?: boolean;
}

/**
 * Runs every write of the application. The writes of `work` through its manager are one transaction: durable when the promise
 * resolves, rolled back when it rejects.
 *
 * SQLite has one writer at a time, and TypeORM shares one connection, so that a plain write would join the transaction of another
 * request and be lost with its rollback. Here writes run one after another on their own connection. On PostgreSQL each unit is
 * an ordinary transaction on a pooled connection.
 *
 * Keep slow work (hashing, inference, I/O) out of `work`: on SQLite all other writers wait for it.
 */
@Injectable()
export class UnitOfWork implements OnModuleInit, OnApplicationShutdown {
  private writer: SqliteWriter | undefined;
  private readonly commitCallbacks = new WeakMap<EntityManager, (() => void)[]>();

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async onModuleInit(): Promise<void> {
    const { options } = this.dataSource;
    if (options.type !== 'better-sqlite3') return;
    this.writer = new SqliteWriter(await new DataSource({ ...options, prepareDatabase: configureWriter }).initialize());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.writer?.close();
  }

  /** @throws DatabaseUnavailableError if a database file has been moved, removed or replaced */
  requireFilesInPlace(): void {
    this.writer?.requireFilesInPlace();
  }

  /** @throws DatabaseUnavailableError, DatabaseFullError, or the error of `work` */
  async run<T>(work: (manager: EntityManager) => Promise<T>, options?: UnitOptions): Promise<T> {
    const callbacks: (() => void)[] = [];
    // Concurrent units never share a manager.
    const tracked = (manager: EntityManager): Promise<T> => {
      this.commitCallbacks.set(manager, callbacks);
      return work(manager);
    };
    const result = await this.transact(tracked, options?.delayedDurability ?? false);
    for (const callback of callbacks) callback();
    return result;
  }

  /** Calls `callback` after the commit of the unit of work that `manager` belongs to. */
  afterCommit(manager: EntityManager, callback: () => void): void {
    this.commitCallbacks.get(manager)?.push(callback);
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>, delayedDurability: boolean): Promise<T> {
    try {
      return await (this.writer ? this.writer.run(work, delayedDurability) : this.dataSource.transaction(work));
    } catch (error) {
      throw translateDatabaseError(error) ?? error;
    }
  }
}
