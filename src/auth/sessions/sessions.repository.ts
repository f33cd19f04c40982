import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, Repository } from 'typeorm';
import { UnitOfWork } from '../../platform/database/index.js';
import { AuthSettings } from '../auth.settings.js';
import { Session } from '../entities/session.entity.js';
import { sha256Of } from '../sha256.js';
import { activeSessions, expiredSessions } from './session-expiry.js';

/** Maximum number of expired sessions that one login deletes. */
const MAX_REMOVED = 200;

/** Database access to sessions. Never finds an expired session; see `session-expiry.ts`. */
@Injectable()
export class SessionsRepository {
  constructor(
    @InjectRepository(Session) private readonly rows: Repository<Session>,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: AuthSettings,
  ) {}

  /** @param secretId the id in the cookie */
  findBySecretId(secretId: string): Promise<Session | null> {
    return this.rows.findOneBy({ digest: sha256Of(secretId), ...activeSessions(this.settings) });
  }

  /** The secret id of the active session that began last; undefined if none is active. */
  async findLatestSecretId(secretIds: readonly string[]): Promise<string | undefined> {
    const digests = secretIds.map((secretId) => sha256Of(secretId));
    const [latest] = await this.rows.find({
      where: { digest: In(digests), ...activeSessions(this.settings) },
      order: { createdAt: 'DESC', id: 'ASC' },
      take: 1,
    });
    return latest && secretIds[digests.indexOf(latest.digest)];
  }

  /** Most recently used first. */
  findByMember(memberId: string): Promise<Session[]> {
    return this.rows.find({
      where: { memberId, ...activeSessions(this.settings) },
      order: { lastSeenAt: 'DESC', createdAt: 'DESC', id: 'ASC' },
    });
  }

  /** @param id the public id */
  isActive(id: string, manager = this.rows.manager): Promise<boolean> {
    return manager.existsBy(Session, { id, ...activeSessions(this.settings) });
  }

  /** Updates `lastSeenAt`, which restarts the idle timeout. Does not revive a session that has ended. */
  async touch(secretId: string): Promise<void> {
    const active = activeSessions(this.settings);
    await this.unitOfWork.run((manager) =>
      manager.update(Session, { digest: sha256Of(secretId), ...active }, { lastSeenAt: new Date() }),
    );
  }

  async removeBySecretId(secretId: string): Promise<void> {
    await this.unitOfWork.run((manager) => this.removeBySecretIds([secretId], manager));
  }

  /** Call it inside a unit of work. */
  async removeBySecretIds(secretIds: readonly string[], manager: EntityManager): Promise<void> {
    if (secretIds.length === 0) return;
    await manager.delete(Session, { digest: In(secretIds.map((secretId) => sha256Of(secretId))) });
  }

  /** Returns whether the member had such a session. */
  async removeByMember(memberId: string, id: string): Promise<boolean> {
    const found = await this.rows.existsBy({ id, memberId, ...activeSessions(this.settings) });
    if (found) await this.unitOfWork.run((manager) => manager.delete(Session, { id, memberId }));
    return found;
  }

  /** Deletes at most `MAX_REMOVED` expired sessions. Call it inside a unit of work. */
  async removeExpired(manager: EntityManager): Promise<void> {
    const expired = await manager.find(Session, {
      select: { id: true },
      where: expiredSessions(this.settings),
      take: MAX_REMOVED,
    });
    if (expired.length > 0) await manager.delete(Session, { id: In(expired.map(({ id }) => id)) });
  }
}
