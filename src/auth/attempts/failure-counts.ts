import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThanOrEqual, Repository } from 'typeorm';
import { PreparedStatements, UnitOfWork } from '../../platform/database/index.js';
import { FailureCount } from '../entities/failure-count.entity.js';

/** A failure clears away at most this many counts that are over. */
const MAX_REMOVED = 200;

/** What is counted, and for how long from its first failure on. */
export interface Window {
  readonly key: string;
  readonly ms: number;
}

/** Failures of late, in fixed windows, kept in the database: they outlive a restart, and all processes share them. */
@Injectable()
export class FailureCounts {
  private readonly statements = new PreparedStatements(FailureCount, 'key');

  constructor(
    @InjectRepository(FailureCount) private readonly rows: Repository<FailureCount>,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Null where nothing has failed within the window. */
  async find(key: string): Promise<FailureCount | null> {
    const count = await this.statements.find(this.rows.manager, key);
    return count && count.expiresAt.getTime() > Date.now() ? count : null;
  }

  /** One more failure in each window. */
  async add(windows: readonly Window[]): Promise<void> {
    // In one order everywhere, so that two of these never wait for each other.
    const ordered = [...windows].sort((a, b) => (a.key < b.key ? -1 : 1));
    await this.unitOfWork.run(async (manager) => {
      await this.removeExpired(manager);
      for (const window of ordered) await this.addOne(manager, window);
    });
  }

  async forget(key: string): Promise<void> {
    await this.unitOfWork.run((manager) => manager.delete(FailureCount, { key }));
  }

  private async addOne(manager: EntityManager, { key, ms }: Window): Promise<void> {
    const now = Date.now();
    const fresh = { key, failures: 0, expiresAt: new Date(now + ms) };
    // Two that are first at the same time: one makes the row, both count in it.
    await manager.createQueryBuilder().insert().into(FailureCount).values(fresh).orIgnore().execute();
    const count = await this.statements.findForUpdate(manager, key);
    const isLiving = count !== null && count.expiresAt.getTime() > now;
    const next = isLiving ? { failures: count.failures + 1 } : { ...fresh, failures: 1 };
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
