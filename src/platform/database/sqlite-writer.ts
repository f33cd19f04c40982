import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { DatabaseUnavailableError, isBusy } from './database-failure.js';
import { SqliteFiles } from './sqlite-files.js';
import { type Sqlite, sqliteOf } from './sqlite.js';

/** How long a write waits for its turn, or for another process's write, before it is refused. */
const MAX_WAIT_MS = 5_000;
const RETRY_MS = 5;
/** Units in one transaction: the last of them waits for all. */
const MAX_GROUP = 64;

/** A unit of work that waits for its turn, or for its commit. */
interface Unit {
  readonly work: (manager: EntityManager) => Promise<unknown>;
  readonly delayedDurability: boolean;
  readonly deadline: number;
  readonly timer: NodeJS.Timeout;
  resolve(result: unknown): void;
  reject(error: unknown): void;
  isOver: boolean;
}

/** How a unit went, which is told when its group has been committed. */
type Outcome = () => void;

/**
 * The one writer of a SQLite database. Units that come at the same time share a transaction, each in a savepoint of its
 * own: one that fails is undone alone, and none is told that it has succeeded before all of them are on the disk. So many
 * writers wait for one fsync, and not each for those of all before it.
 */
export class SqliteWriter {
  private readonly runner: QueryRunner;
  private readonly sqlite: Sqlite;
  private readonly files: SqliteFiles;
  private readonly waiting: Unit[] = [];
  private working: Promise<void> | undefined;
  private isDurable = true;

  constructor(private readonly dataSource: DataSource) {
    this.runner = dataSource.createQueryRunner();
    this.sqlite = sqliteOf(dataSource)!;
    this.files = new SqliteFiles(String(dataSource.options.database));
    // SQLite would wait for another process's write without letting anybody else go on; `begin` does not.
    this.sqlite.exec('PRAGMA busy_timeout = 0');
  }

  /** Throws `DatabaseUnavailableError` where what is written now would not be found after the next start. */
  requireInPlace(): void {
    this.files.requireInPlace();
  }

  /**
   * A turn that has not come in time never comes: so one inside another ends both instead of waiting for itself.
   *
   * @param delayedDurability whether its commit may wait for the next fsync; see `UnitOfWork`
   */
  run<T>(work: (manager: EntityManager) => Promise<T>, delayedDurability = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const expire = (): void => {
        unit.isOver = true;
        reject(tooBusy());
      };
      const timer = setTimeout(expire, MAX_WAIT_MS);
      const unit: Unit = {
        work,
        delayedDurability,
        deadline: Date.now() + MAX_WAIT_MS,
        timer,
        resolve,
        reject,
        isOver: false,
      };
      this.waiting.push(unit);
      this.working ??= this.workOff();
    });
  }

  async close(): Promise<void> {
    await this.working;
    await this.dataSource.destroy();
  }

  private async workOff(): Promise<void> {
    // Those that have arrived by now have been read then; and between two groups, whoever waits for anything else has a turn.
    do {
      await nextTurn();
      const group = this.waiting.splice(0, MAX_GROUP).filter(({ isOver }) => !isOver);
      if (group.length > 0) await this.tryTogether(group);
    } while (this.waiting.length > 0);
    // At once: a unit that came between the last look and this would wait for nobody.
    this.working = undefined;
  }

  private async tryTogether(group: readonly Unit[]): Promise<void> {
    try {
      this.setDurable(group.some(({ delayedDurability }) => !delayedDurability));
      await this.begin(group[0]!.deadline);
      await this.runTogether(group);
    } catch (error) {
      for (const unit of group) settle(unit, () => unit.reject(error));
    }
  }

  /** A durable commit makes all those before it durable: the log is synced as a whole (https://sqlite.org/pragma.html#pragma_synchronous). */
  private setDurable(isDurable: boolean): void {
    if (isDurable === this.isDurable) return;
    this.sqlite.exec(`PRAGMA synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`);
    this.isDurable = isDurable;
  }

  /** Throws where the group as a whole has failed, and nothing of it is kept. */
  private async runTogether(group: readonly Unit[]): Promise<void> {
    const outcomes: [Unit, Outcome][] = [];
    try {
      for (const unit of group) if (!unit.isOver) outcomes.push([unit, await this.runOne(unit)]);
      this.requireInPlace();
      this.sqlite.exec('COMMIT');
      this.requireInPlace();
    } catch (error) {
      // A full disk makes SQLite roll back by itself; there is then nothing left to undo.
      if (this.sqlite.inTransaction) this.sqlite.exec('ROLLBACK');
      throw error;
    } finally {
      this.tellRunner(false);
    }
    for (const [unit, outcome] of outcomes) settle(unit, outcome);
  }

  private async runOne(unit: Unit): Promise<Outcome> {
    clearTimeout(unit.timer);
    this.tellRunner(true);
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

  /** TypeORM's `save` and nested transactions use savepoints in a transaction that it knows of. */
  private tellRunner(isTransactionActive: boolean): void {
    Object.assign(this.runner, { isTransactionActive, transactionDepth: isTransactionActive ? 1 : 0 });
  }

  /**
   * TypeORM's own begin is a deferred one, which fails with SQLITE_BUSY_SNAPSHOT when another process writes between its
   * read and its write, whatever the timeout. IMMEDIATE takes the write lock first.
   */
  private async begin(deadline: number): Promise<void> {
    for (;;) {
      if (Date.now() >= deadline) throw tooBusy();
      try {
        this.sqlite.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
      await delay(RETRY_MS);
    }
  }
}

function settle(unit: Unit, outcome: Outcome): void {
  clearTimeout(unit.timer);
  unit.isOver = true;
  outcome();
}

function tooBusy(): DatabaseUnavailableError {
  return new DatabaseUnavailableError('The database is busy with other writes. Nothing was changed; try again.');
}
