import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { PreparedStatements, UnitOfWork } from '../../platform/database/index.js';
import { actorOf } from '../../platform/http/index.js';
import { Log, SecurityLog } from '../../platform/logging/index.js';
import { ApiKeyNotFoundError, NotAuthenticatedError, TooManyApiKeysError } from '../auth.errors.js';
import { sha256Of } from '../sha256.js';
import type { CreateApiKeyDto } from '../dto/api-key.dto.js';
import { ApiKey } from '../entities/api-key.entity.js';
import { MembersRepository } from '../members/members.repository.js';
import type { HttpContext } from '../sessions/http-context.js';
import { SessionsService } from '../sessions/sessions.service.js';

/** Makes keys that leaked into a repository or a log searchable. */
const PREFIX = 'barista_';
const SECRET_BYTES = 32;
const KEY_FORMAT = /^barista_[\w-]{43}$/;
/** Minimum age of `lastUsedAt` before a use updates it. */
const TOUCH_INTERVAL_MS = 60_000;
const MAX_KEYS_PER_MEMBER = 100;

/** API keys, each of which authenticates as its owner. */
@Injectable()
export class ApiKeysService {
  private readonly statements = new PreparedStatements(ApiKey, 'digest');

  constructor(
    @InjectRepository(ApiKey) private readonly rows: Repository<ApiKey>,
    private readonly members: MembersRepository,
    private readonly sessions: SessionsService,
    private readonly unitOfWork: UnitOfWork,
    private readonly security: SecurityLog,
    private readonly log: Log,
  ) {}

  /** Newest first. */
  findByMember(memberId: string): Promise<ApiKey[]> {
    return this.rows.find({ where: { memberId }, order: { createdAt: 'DESC', id: 'ASC' } });
  }

  /**
   * Creates a key. Only its digest is stored: the returned key cannot be read again.
   *
   * @throws NotAuthenticatedError if the session has ended, or the member has withdrawn, since the request arrived
   * @throws TooManyApiKeysError
   */
  async create(context: HttpContext, memberId: string, dto: CreateApiKeyDto): Promise<{ row: ApiKey; key: string }> {
    const key = PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
    const row = newRow(memberId, key, dto);
    await this.unitOfWork.run(async (manager) => {
      if ((await this.members.findForUpdate(manager, memberId)) === null) throw new NotAuthenticatedError();
      await this.sessions.requireActive(manager, context.request.session.publicId);
      if ((await manager.countBy(ApiKey, { memberId })) >= MAX_KEYS_PER_MEMBER)
        throw new TooManyApiKeysError(MAX_KEYS_PER_MEMBER);
      await manager.insert(ApiKey, row);
    });
    this.security.record('auth.api-key.created', actorOf(context.request), { apiKeyId: row.id });
    return { row, key };
  }

  /** @throws ApiKeyNotFoundError unless the member owns the key */
  async revoke({ request }: HttpContext, memberId: string, id: string): Promise<void> {
    if (!(await this.rows.existsBy({ id, memberId }))) throw new ApiKeyNotFoundError(id);
    await this.unitOfWork.run((manager) => manager.delete(ApiKey, { id, memberId }));
    this.security.record('auth.api-key.ended', actorOf(request), { apiKeyId: id });
  }

  /** The id of the owner; undefined for a key that is malformed, unknown or expired. */
  async findMemberId(key: string): Promise<string | undefined> {
    if (!KEY_FORMAT.test(key)) return undefined;
    const row = await this.statements.find(this.rows.manager, sha256Of(key));
    if (row === null || (row.expiresAt !== null && row.expiresAt.getTime() <= Date.now())) return undefined;
    this.touch(row);
    return row.memberId;
  }

  /** Updates `lastUsedAt` at most once per interval, without delaying the request. */
  private touch({ id, lastUsedAt }: ApiKey): void {
    if (lastUsedAt !== null && Date.now() - lastUsedAt.getTime() < TOUCH_INTERVAL_MS) return;
    this.unitOfWork
      .run((manager) => manager.update(ApiKey, { id }, { lastUsedAt: new Date() }))
      .catch((err: unknown) => this.log.lines.warn({ err }, 'last use of an API key not recorded'));
  }
}

function newRow(memberId: string, key: string, { name, expiresAt }: CreateApiKeyDto): ApiKey {
  return Object.assign(new ApiKey(), {
    id: randomUUID(),
    digest: sha256Of(key),
    memberId,
    name,
    createdAt: new Date(),
    expiresAt: expiresAt ?? null,
    lastUsedAt: null,
  });
}
