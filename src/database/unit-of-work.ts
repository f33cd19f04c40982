import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { DatabaseUnavailableError, isBusy, translateDatabaseError } from './database-failure.js';
import { makeDurable } from './data-source-options.js';

/** How long a write waits for its turn, or for another process's write, before it is refused. */
const MAX_WAIT_MS = 5_000;
const RETRY_MS = 10;

/**
 * Every write of the application. What `work` does through its manager is one transaction: durable when the promise
 * resolves, undone when it rejects.
 *
 * SQLite has one writer at a time, and TypeORM gives everybody the same connection, so that a plain write would join a
 * stranger's transaction and be lost with its rollback. Here writes have a connection of their own, on which transactions
 * follow one another. On PostgreSQL each is an ordinary transaction on a pooled connection.
 *
 * Nothing slow (hashing, inference, I/O) belongs inside `work`: on SQLite all other writers wait for it.
 */
@Injectable()
export class UnitOfWork implements OnModuleInit, OnApplicationShutdown {
  private writer: DataSource | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async onModuleInit(): Promise<void> {
    const { options } = this.dataSource;
    if (options.type !== 'better-sqlite3') return;
    this.writer = await new DataSource({ ...options, prepareDatabase: makeDurable }).initialize();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.last;
    await this.writer?.destroy();
  }

  async run<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      if (this.writer === undefined) return await this.dataSource.transaction(work);
      return await this.inTurn(this.writer.createQueryRunner(), work);
    } catch (error) {
      throw translateDatabaseError(error) ?? error;
    }
  }

  /** A turn that has not come in time never comes: so one inside another ends both instead of waiting for itself. */
  private inTurn<T>(runner: QueryRunner, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const deadline = Date.now() + MAX_WAIT_MS;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(tooBusy()), MAX_WAIT_MS);
      const turn = this.last.then(() => {
        clearTimeout(timer);
        return runImmediate(runner, work, deadline);
      });
      turn.then(resolve, reject);
      this.last = turn.catch(() => undefined);
    });
  }
}

async function runImmediate<T>(
  runner: QueryRunner,
  work: (manager: EntityManager) => Promise<T>,
  deadline: number,
): Promise<T> {
  await beginImmediate(runner, deadline);
  try {
    const result = await work(runner.manager);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    // A full disk makes SQLite roll back by itself; there is then nothing left to undo.
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => endTransaction(runner));
    throw error;
  }
}

/**
 * TypeORM's own begin is a deferred one, which fails with SQLITE_BUSY_SNAPSHOT when another process writes between its
 * read and its write, whatever the timeout. IMMEDIATE takes the write lock first.
 */
async function beginImmediate(runner: QueryRunner, deadline: number): Promise<void> {
  for (;;) {
    if (Date.now() >= deadline) throw tooBusy();
    try {
      await runner.query('BEGIN IMMEDIATE');
      startedByHand(runner);
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    await delay(RETRY_MS);
  }
}

function tooBusy(): DatabaseUnavailableError {
  return new DatabaseUnavailableError('The database is busy with other writes. Nothing was changed; try again.');
}

/** Tells TypeORM that a transaction is open, so that `save` and nested transactions use savepoints in it. */
function startedByHand(runner: QueryRunner): void {
  Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 });
}

function endTransaction(runner: QueryRunner): void {
  Object.assign(runner, { isTransactionActive: false, transactionDepth: 0 });
}
