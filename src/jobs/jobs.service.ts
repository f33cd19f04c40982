import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidV7 } from 'uuid';
import { IdentityService, type AuthenticatedMember } from '../auth/index.js';
import { UnitOfWork } from '../platform/database/index.js';
import { decodeCursor, type Page, pageOf } from '../platform/http/index.js';
import { type Actor, SecurityLog } from '../platform/logging/index.js';
import { FileStore } from '../platform/storage/index.js';
import { JobDto } from './dto/job.dto.js';
import { Job } from './entities/job.entity.js';
import { isOpen } from './job-status.js';
import type { NewJob } from './job-handler.js';
import { IdempotencyKeyReusedError, JobNotFoundError, TooManyJobsError } from './jobs.errors.js';
import { filesOf, JobsRepository, type JobView } from './jobs.repository.js';
import { JobsSettings } from './jobs.settings.js';
import { JobMetrics } from './runner/job-metrics.js';
import { JobRunner } from './runner/job-runner.js';

const JOB_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Background work, for any room to enqueue. */
@Injectable()
export class JobsService {
  constructor(
    private readonly rows: JobsRepository,
    private readonly files: FileStore,
    private readonly identity: IdentityService,
    private readonly unitOfWork: UnitOfWork,
    private readonly runner: JobRunner,
    private readonly settings: JobsSettings,
    private readonly metrics: JobMetrics,
    private readonly security: SecurityLog,
  ) {}

  /**
   * Belongs into a unit of work: the job is enqueued with the caller's own rows, or not at all. An Idempotency-Key that the
   * member has used gives the first job, and releases the new input.
   *
   * @throws IdempotencyKeyReusedError where the key came with another digest; TooManyJobsError past JOBS_PER_MEMBER;
   * StoredFileGoneError; NotAuthenticatedError where the member has withdrawn
   */
  async enqueue<P>(manager: EntityManager, job: NewJob<P>): Promise<JobDto> {
    const { memberId, idempotency, inputId } = job;
    // From here on nobody else adds to this member's jobs until the transaction ends.
    await this.identity.lockMember({ id: memberId }, manager);
    const first = idempotency && (await this.rows.findByKey(manager, memberId, idempotency.key));
    if (first) return this.repeat(manager, first, job);
    if ((await this.rows.countOpen(manager, memberId)) >= this.settings.perMember) {
      throw new TooManyJobsError(this.settings.perMember);
    }
    if (inputId !== undefined) await this.files.keep(manager, inputId);
    const row = newRow(job);
    await this.rows.add(manager, row);
    this.unitOfWork.afterCommit(manager, () => this.runner.wake());
    return JobDto.of(row);
  }

  /** One of the member's own. @throws JobNotFoundError */
  async find(id: string, by: AuthenticatedMember): Promise<JobView> {
    const [job] = await this.rows.findViews([id]);
    if (job?.memberId !== by.id) throw new JobNotFoundError();
    return job;
  }

  /** A member's own, the newest first, from the start or from a cursor on. */
  async list(
    { id: memberId }: Pick<AuthenticatedMember, 'id'>,
    limit: number,
    cursor?: string,
  ): Promise<Page<JobView>> {
    const after = cursor === undefined ? undefined : decodeCursor(memberId, cursor, [isJobId])[0];
    const found = await this.rows.findPage(memberId, limit + 1, after as string | undefined);
    return pageOf(found, limit, { listing: memberId, positionOf: ({ id }) => [id] });
  }

  /**
   * Cancels a job that is queued or running, and removes one that is over: one of the member's own, or any for an administrator.
   *
   * @param onlyOpen whether one that is over stays
   * @throws JobNotFoundError
   */
  async remove(id: string, by: AuthenticatedMember, actor: Actor, { onlyOpen = false } = {}): Promise<void> {
    const job = await this.unitOfWork.run(async (manager) => {
      const found = await this.rows.findForUpdate(manager, id);
      if (!found || (found.memberId !== by.id && by.role !== 'admin')) throw new JobNotFoundError();
      if (isOpen(found.status)) await this.rows.cancel(manager, id, new Date());
      else if (onlyOpen) return undefined;
      else await this.rows.remove(manager, id);
      await this.files.release(manager, filesOf(found));
      return found;
    });
    if (!job) return;
    const { kind, memberId, startedAt, status } = job;
    if (isOpen(status)) {
      this.runner.lose((held) => held.id === id);
      this.metrics.ended(kind, 'cancelled', startedAt);
    }
    if (memberId !== by.id) this.security.record('job.removed', actor, { jobId: id, ownerId: memberId });
  }

  /** A member's jobs go with the member, and what is stored for them. */
  async forget(memberId: string, manager: EntityManager): Promise<void> {
    const jobs = await this.rows.findOfMember(manager, memberId);
    await this.rows.removeOfMember(manager, memberId);
    await this.files.release(manager, jobs.flatMap(filesOf));
    this.unitOfWork.afterCommit(manager, () => this.runner.lose((held) => held.memberId === memberId));
  }

  private async repeat<P>(manager: EntityManager, first: Job, job: NewJob<P>): Promise<JobDto> {
    if (first.kind !== job.kind || first.idempotencyDigest !== job.idempotency?.digest) {
      throw new IdempotencyKeyReusedError();
    }
    if (job.inputId !== undefined && job.inputId !== first.inputId) await this.files.release(manager, [job.inputId]);
    return JobDto.of(first);
  }
}

function isJobId(value: unknown): boolean {
  return typeof value === 'string' && JOB_ID.test(value);
}

function newRow<P>({ kind, memberId, payload, total, inputId, model, version, idempotency }: NewJob<P>): Job {
  const now = new Date();
  return Object.assign(new Job(), {
    // Listings sort by id: version 7 is ordered by time, and monotonic within a process (RFC 9562, 6.2).
    id: uuidV7(),
    kind,
    memberId,
    model: model ?? null,
    version: version ?? null,
    status: 'queued',
    payload: JSON.stringify(payload),
    state: null,
    done: 0,
    total,
    errors: 0,
    error: null,
    inputId: inputId ?? null,
    resultId: null,
    idempotencyKey: idempotency?.key ?? null,
    idempotencyDigest: idempotency?.digest ?? null,
    dueAt: now,
    fence: 0,
    savedFence: 0,
    savedAt: now,
    attempts: 0,
    claimedAt: null,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
  } satisfies Job);
}
