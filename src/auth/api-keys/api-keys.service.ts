import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { UnitOfWork } from '../../database/index.js';
import { Log } from '../../logging/index.js';
import { ApiKey } from '../entities/api-key.entity.js';

/** A recognisable prefix, so that a key that got into a repository or a log can be searched for; then 256 random bits. */
const KEY = /^barista_[\w-]{43}$/;
/** How old `lastUsedAt` may get before a use is written down. */
const USE_MS = 60_000;

/** Keys that stand in for their owner. */
@Injectable()
export class ApiKeys {
  constructor(
    @InjectRepository(ApiKey) private readonly rows: Repository<ApiKey>,
    private readonly unitOfWork: UnitOfWork,
    private readonly log: Log,
  ) {}

  /** The id of the member whose key this is; undefined where it is malformed, unknown or expired. */
  async memberOf(key: string): Promise<string | undefined> {
    if (!KEY.test(key)) return undefined;
    const row = await this.rows.findOneBy({ digest: digestOf(key) });
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

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
