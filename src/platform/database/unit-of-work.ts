import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { translateDatabaseError } from './database-failure.js';
import { makeDurable } from './data-source-options.js';
import { SqliteWriter } from './sqlite-writer.js';

export interface UnitOptions {
  /**
   * Whether it is done again where a power cut takes it: then nobody waits for the disk before it is committed. It, and all that
   * was written before, is durable with the next unit that is not repeatable; what came after it is never there without it.
   * PostgreSQL can lose it without the application, which would not notice, and so makes it durable like any other.
   */
  readonly delayedDurability?: boolean;
}

/**
 * Every write of the application. What `work` does through its manager is one transaction: durable when the promise
 * resolves, undone when it rejects.
 *
 * SQLite has one writer at a time, and TypeORM gives everybody the same connection, so that a plain write would join a
 * stranger's transaction and be lost with its rollback. Here writes have a connection of their own, on which they follow
 * one another. On PostgreSQL each is an ordinary transaction on a pooled connection.
 *
 * Nothing slow (hashing, inference, I/O) belongs inside `work`: on SQLite all other writers wait for it.
 */
@Injectable()
export class UnitOfWork implements OnModuleInit, OnApplicationShutdown {
  private writer: SqliteWriter | undefined;
  private readonly afterwards = new WeakMap<EntityManager, (() => void)[]>();

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async onModuleInit(): Promise<void> {
    const { options } = this.dataSource;
    if (options.type !== 'better-sqlite3') return;
    this.writer = new SqliteWriter(await new DataSource({ ...options, prepareDatabase: makeDurable }).initialize());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.writer?.close();
  }

  /** Throws `DatabaseUnavailableError` where a write would not be kept, whatever SQLite says. */
  requireInPlace(): void {
    this.writer?.requireInPlace();
  }

  async run<T>(work: (manager: EntityManager) => Promise<T>, options?: UnitOptions): Promise<T> {
    const actions: (() => void)[] = [];
    // Units have a manager of their own, or the same one after the other.
    const noted = (manager: EntityManager): Promise<T> => {
      this.afterwards.set(manager, actions);
      return work(manager);
    };
    const result = await this.transact(noted, options?.delayedDurability ?? false);
    for (const act of actions) act();
    return result;
  }

  /** For whoever takes part in a unit of work without having begun it: `act` is called once it has been committed. */
  afterCommit(manager: EntityManager, act: () => void): void {
    this.afterwards.get(manager)?.push(act);
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>, delayedDurability: boolean): Promise<T> {
    try {
      return await (this.writer ? this.writer.run(work, delayedDurability) : this.dataSource.transaction(work));
    } catch (error) {
      throw translateDatabaseError(error) ?? error;
    }
  }
}
