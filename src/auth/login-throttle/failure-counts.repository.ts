import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThanOrEqual, Repository } from 'typeorm';
import { PreparedStatements, UnitOfWork } from '../../platform/database/index.js';
import { FailureCount } from '../entities/failure-count.entity.js';

/** Maximum number of expired counts that one failure deletes. */
const MAX_REMOVED = 200;

/** A fixed window: `key` identifies what is counted; the window closes `ms` after its first failure. */
export interface FailureWindow {
  readonly key: string;
  readonly ms: number;
}

/** Failures in fixed windows, stored in the database: they outlive a restart, and all processes share them. */
@Injectable()
export class FailureCountsRepository {
  private readonly statements = new PreparedStatements(FailureCount, 'key');

  constructor(
    @InjectRepository(FailureCount) private readonly rows: Repository<FailureCount>,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** The count of an open window; null without a failure in it. */
  async find(key: string): Promise<FailureCount | null> {
    const count = await this.statements.find(this.rows.manager, key);
    return count && count.expiresAt.getTime() > Date.now() ? count : null;
  }

  /** Counts one failure in each window. */
  async increment(windows: readonly FailureWindow[]): Promise<void> {
    // The same lock order everywhere prevents deadlocks.
    const ordered = [...windows].sort((a, b) => (a.key < b.key ? -1 : 1));
    await this.unitOfWork.run(async (manager) => {
      await this.removeExpired(manager);
      for (const window of ordered) await this.incrementOne(manager, window);
    });
  }

  async remove(key: string): Promise<void> {
    await this.unitOfWork.run((manager) => manager.delete(FailureCount, { key }));
  }

  private async incrementOne(manager: EntityManager, { key, ms }: FailureWindow): Promise<void> {
    const now = Date.now();
    const fresh = { key, failures: 0, expiresAt: new Date(now + ms) };
    // Of two concurrent first failures one inserts the row; both are counted in it.
    await manager.createQueryBuilder().insert().into(FailureCount).values(fresh).orIgnore().execute();
    const count = await this.statements.findForUpdate(manager, key);
    const isOpen = count !== null && count.expiresAt.getTime() > now;
    const next = isOpen ? { failures: count.failures + 1 } : { ...fresh, failures: 1 };
    await manager.update(FailureCount, { key }, next);
  }

  private async removeExpired(manager: EntityManager): Promise<void> {
    const expired = await manager.find(FailureCount, {
      select: { key: true },
      where: { expiresAt: LessThanOrEqual(new Date()) },
      take: MAX_REMOVED,
    });
    if (expired.length > 0) await manager.delete(FailureCount, { key: In(expired.map(({ key }) => key)) });
  }
}
