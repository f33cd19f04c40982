import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, type FindOptionsWhere, In, LessThanOrEqual, MoreThan, Repository } from 'typeorm';
import { UnitOfWork } from '../../platform/database/index.js';
import { AuthSettings } from '../auth.settings.js';
import { digestOf } from '../digest.js';
import { Session } from '../entities/session.entity.js';

/** A login clears away at most this many sessions that are over. */
const MAX_REMOVED = 200;

/** The session table. A session that is idle for too long, or too old, is never found. */
@Injectable()
export class SessionRows {
  constructor(
    @InjectRepository(Session) private readonly rows: Repository<Session>,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: AuthSettings,
  ) {}

  /** @param secretId the id in the cookie */
  findBySecretId(secretId: string): Promise<Session | null> {
    return this.rows.findOneBy({ digest: digestOf(secretId), ...this.isLiving() });
  }

  /** The most recently used first. */
  findOfMember(memberId: string): Promise<Session[]> {
    return this.rows.find({
      where: { memberId, ...this.isLiving() },
      order: { lastSeenAt: 'DESC', createdAt: 'DESC', id: 'ASC' },
    });
  }

  isStillLiving(id: string, manager = this.rows.manager): Promise<boolean> {
    return manager.existsBy(Session, { id, ...this.isLiving() });
  }

  /** Says that the session is used. One that was ended in the meantime stays ended. */
  async touch(secretId: string): Promise<void> {
    const due = this.isLiving();
    await this.unitOfWork.run((manager) =>
      manager.update(Session, { digest: digestOf(secretId), ...due }, { lastSeenAt: new Date() }),
    );
  }

  async removeBySecretId(secretId: string): Promise<void> {
    await this.unitOfWork.run((manager) => manager.delete(Session, { digest: digestOf(secretId) }));
  }

  /** Whether there was such a session of this member. */
  async removeOfMember(memberId: string, id: string): Promise<boolean> {
    const found = await this.rows.existsBy({ id, memberId, ...this.isLiving() });
    if (found) await this.unitOfWork.run((manager) => manager.delete(Session, { id, memberId }));
    return found;
  }

  /** Clears away some of the sessions that are over. */
  async removeExpired(manager: EntityManager): Promise<void> {
    const { createdAfter, seenAfter } = this.limits();
    const expired = await manager.find(Session, {
      select: { id: true },
      where: [{ createdAt: LessThanOrEqual(createdAfter) }, { lastSeenAt: LessThanOrEqual(seenAfter) }],
      take: MAX_REMOVED,
    });
    if (expired.length > 0) await manager.delete(Session, { id: In(expired.map(({ id }) => id)) });
  }

  private isLiving(): Pick<FindOptionsWhere<Session>, 'createdAt' | 'lastSeenAt'> {
    const { createdAfter, seenAfter } = this.limits();
    return { createdAt: MoreThan(createdAfter), lastSeenAt: MoreThan(seenAfter) };
  }

  private limits(): { createdAfter: Date; seenAfter: Date } {
    const now = Date.now();
    return { createdAfter: new Date(now - this.settings.maxMs), seenAfter: new Date(now - this.settings.idleMs) };
  }
}
