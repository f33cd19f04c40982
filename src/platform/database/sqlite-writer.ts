import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { DatabaseUnavailableError, isBusy } from './database-errors.js';
import { SqliteFiles } from './sqlite-files.js';
import { type SqliteConnection, sqliteConnection } from './sqlite.js';

/** Time that a write waits for its turn, or for the write of another process, before it fails. */
const MAX_WAIT_MS = 5_000;
const LOCK_RETRY_MS = 5;
/** Maximum number of units in one transaction. Each unit waits for all of them. */
const MAX_GROUP_SIZE = 64;

/** A unit of work in the queue, or before its commit. */
interface QueuedUnit {
  readonly work: (manager: EntityManager) => Promise<unknown>;
  readonly delayedDurability: boolean;
  readonly deadline: number;
  readonly timer: NodeJS.Timeout;
  resolve(result: unknown): void;
  reject(error: unknown): void;
  isSettled: boolean;
}

/** Settles the promise of a unit after the commit of its group. */
type Outcome = () => void;

/**
 * The single writer of a SQLite database, with group commit: concurrent units share a transaction and one fsync. Each unit runs in its
 * own savepoint, so that a failed unit is rolled back alone. No unit resolves before the group is on the disk.
 */
export class SqliteWriter {
  private readonly runner: QueryRunner;
  private readonly sqlite: SqliteConnection;
  private readonly files: SqliteFiles;
  private readonly queue: QueuedUnit[] = [];
  private draining: Promise<void> | undefined;
  private isDurable = true;

  constructor(private readonly dataSource: DataSource) {
    this.runner = dataSource.createQueryRunner();
    this.sqlite = sqliteConnection(dataSource)!;
    this.files = new SqliteFiles(String(dataSource.options.database));
    // SQLite's busy timeout blocks the event loop. `begin` waits without blocking.
    this.sqlite.exec('PRAGMA busy_timeout = 0');
  }

  /** @throws DatabaseUnavailableError if a database file has been moved, removed or replaced */
  requireFilesInPlace(): void {
    this.files.requireFilesInPlace();
  }

  /**
   * Runs a unit. It fails if its turn does not come within `MAX_WAIT_MS`, which also ends a nested unit that would wait for itself.
   *
   * @param delayedDurability see `UnitOptions`
   * @throws DatabaseUnavailableError if the unit timed out or the files were moved
   */
  run<T>(work: (manager: EntityManager) => Promise<T>, delayedDurability = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const expire = (): void => {
        unit.isSettled = true;
        reject(busyError());
      };
      const timer = setTimeout(expire, MAX_WAIT_MS);
      const unit: QueuedUnit = {
        work,
        delayedDurability,
        deadline: Date.now() + MAX_WAIT_MS,
        timer,
        resolve,
        reject,
        isSettled: false,
      };
      this.queue.push(unit);
      this.draining ??= this.drain();
    });
  }

  async close(): Promise<void> {
    await this.draining;
    await this.dataSource.destroy();
  }

  private async drain(): Promise<void> {
    // Waiting for a turn of the event loop lets more requests join the group, and lets other work run between groups.
    do {
      await nextTurn();
      const group = this.queue.splice(0, MAX_GROUP_SIZE).filter(({ isSettled }) => !isSettled);
      if (group.length > 0) await this.runGroup(group);
    } while (this.queue.length > 0);
    // In the same turn as the last check: a unit queued in between would never run.
    this.draining = undefined;
  }

  private async runGroup(group: readonly QueuedUnit[]): Promise<void> {
    try {
      this.setDurable(group.some(({ delayedDurability }) => !delayedDurability));
      await this.begin(group[0]!.deadline);
      await this.commitGroup(group);
    } catch (error) {
      for (const unit of group) settle(unit, () => unit.reject(error));
    }
  }

  /** A durable commit also syncs all earlier commits in the log (https://sqlite.org/pragma.html#pragma_synchronous). */
  private setDurable(isDurable: boolean): void {
    if (isDurable === this.isDurable) return;
    this.sqlite.exec(`PRAGMA synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`);
    this.isDurable = isDurable;
  }

  /** @throws if the group as a whole failed and was rolled back */
  private async commitGroup(group: readonly QueuedUnit[]): Promise<void> {
    const outcomes: [QueuedUnit, Outcome][] = [];
    try {
      for (const unit of group) if (!unit.isSettled) outcomes.push([unit, await this.runOne(unit)]);
      this.requireFilesInPlace();
      this.sqlite.exec('COMMIT');
      this.requireFilesInPlace();
    } catch (error) {
      // On a full disk SQLite has already rolled back.
      if (this.sqlite.inTransaction) this.sqlite.exec('ROLLBACK');
      throw error;
    } finally {
      this.setTransactionState(false);
    }
    for (const [unit, outcome] of outcomes) settle(unit, outcome);
  }

  private async runOne(unit: QueuedUnit): Promise<Outcome> {
    clearTimeout(unit.timer);
    this.setTransactionState(true);
    this.sqlite.exec('SAVEPOINT unit');
    try {
      const result = await unit.work(this.runner.manager);
      this.sqlite.exec('RELEASE unit');
      return () => unit.resolve(result);
    } catch (error) {
      if (!this.sqlite.inTransaction) throw error;
      this.sqlite.exec('ROLLBACK TO unit; RELEASE unit');
      return () => unit.reject(error);
    }
  }

  /** Tells TypeORM about the transaction, so that `save` and nested transactions use savepoints. */
  private setTransactionState(isTransactionActive: boolean): void {
    Object.assign(this.runner, { isTransactionActive, transactionDepth: isTransactionActive ? 1 : 0 });
  }

  /**
   * Begins with IMMEDIATE, which takes the write lock first. TypeORM begins a deferred transaction, which fails with
   * SQLITE_BUSY_SNAPSHOT, whatever the timeout, when another process writes between its first read and its first write.
   */
  private async begin(deadline: number): Promise<void> {
    for (;;) {
      if (Date.now() >= deadline) throw busyError();
      try {
        this.sqlite.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
      await delay(LOCK_RETRY_MS);
    }
  }
}

function settle(unit: QueuedUnit, outcome: Outcome): void {
  clearTimeout(unit.timer);
  unit.isSettled = true;
  outcome();
}

function busyError(): DatabaseUnavailableError {
  return new DatabaseUnavailableError('The database is busy with other writes. Nothing was changed; try again.');
}
