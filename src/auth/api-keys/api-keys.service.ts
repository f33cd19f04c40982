import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { PreparedStatements, UnitOfWork } from '../../platform/database/index.js';
import { actorOf } from '../../platform/http/index.js';
import { Log, SecurityLog } from '../../platform/logging/index.js';
import { ApiKeyNotFoundError, NotAuthenticatedError, TooManyApiKeysError } from '../auth.errors.js';
import { digestOf } from '../digest.js';
import type { CreateApiKeyDto } from '../dto/api-key.dto.js';
import { ApiKey } from '../entities/api-key.entity.js';
import { Members } from '../members/members.repository.js';
import type { HttpContext } from '../sessions/http-context.js';
import { Sessions } from '../sessions/sessions.service.js';

/** Recognisable, so that a key that got into a repository or a log can be searched for. */
const PREFIX = 'barista_';
const SECRET_BYTES = 32;
const KEY = /^barista_[\w-]{43}$/;
/** How old `lastUsedAt` may get before a use is written down. */
const USE_MS = 60_000;
const MAX_KEYS = 100;

/** Keys that stand in for their owner. */
@Injectable()
export class ApiKeys {
  private readonly statements = new PreparedStatements(ApiKey, 'digest');

  constructor(
    @InjectRepository(ApiKey) private readonly rows: Repository<ApiKey>,
    private readonly members: Members,
    private readonly sessions: Sessions,
    private readonly unitOfWork: UnitOfWork,
    private readonly security: SecurityLog,
    private readonly log: Log,
  ) {}

  /** The newest first. */
  findOfMember(memberId: string): Promise<ApiKey[]> {
    return this.rows.find({ where: { memberId }, order: { createdAt: 'DESC', id: 'ASC' } });
  }

  /** The key itself is known to nobody but the caller once this is answered. */
  async create(context: HttpContext, memberId: string, dto: CreateApiKeyDto): Promise<{ row: ApiKey; key: string }> {
    const key = PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
    const row = newRow(memberId, key, dto);
    await this.unitOfWork.run(async (manager) => {
      if ((await this.members.lock(manager, memberId)) === null) throw new NotAuthenticatedError();
      await this.sessions.requireLiving(manager, context.request.session.publicId);
      if ((await manager.countBy(ApiKey, { memberId })) >= MAX_KEYS) throw new TooManyApiKeysError(MAX_KEYS);
      await manager.insert(ApiKey, row);
    });
    this.security.record('auth.api-key.created', actorOf(context.request), { apiKeyId: row.id });
    return { row, key };
  }

  async end({ request }: HttpContext, memberId: string, id: string): Promise<void> {
    if (!(await this.rows.existsBy({ id, memberId }))) throw new ApiKeyNotFoundError(id);
    await this.unitOfWork.run((manager) => manager.delete(ApiKey, { id, memberId }));
    this.security.record('auth.api-key.ended', actorOf(request), { apiKeyId: id });
  }

  /** The id of the member whose key this is; undefined where it is malformed, unknown or expired. */
  async memberOf(key: string): Promise<string | undefined> {
    if (!KEY.test(key)) return undefined;
    const row = await this.statements.find(this.rows.manager, digestOf(key));
    if (row === null || (row.expiresAt !== null && row.expiresAt.getTime() <= Date.now())) return undefined;
    this.noteUse(row);
    return row.memberId;
  }

  /** Now and then, and without anybody waiting for it. */
  private noteUse({ id, lastUsedAt }: ApiKey): void {
    if (lastUsedAt !== null && Date.now() - lastUsedAt.getTime() < USE_MS) return;
    this.unitOfWork
      .run((manager) => manager.update(ApiKey, { id }, { lastUsedAt: new Date() }))
      .catch((err: unknown) => this.log.lines.warn({ err }, 'the use of an API key was not noted'));
  }
}

function newRow(memberId: string, key: string, { name, expiresAt }: CreateApiKeyDto): ApiKey {
  return Object.assign(new ApiKey(), {
    id: randomUUID(),
    digest: digestOf(key),
    memberId,
    name,
    createdAt: new Date(),
    expiresAt: expiresAt ?? null,
    lastUsedAt: null,
  });
}
