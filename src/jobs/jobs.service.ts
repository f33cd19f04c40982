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
import { isFinished } from './job-status.js';
import type { NewJob } from './job-handler.js';
import { IdempotencyKeyReusedError, JobNotFoundError, TooManyJobsError } from './jobs.errors.js';
import { fileIdsOf, JobsRepository, type JobView } from './jobs.repository.js';
import { JobsSettings } from './jobs.settings.js';
import { JobMetrics } from './runner/job-metrics.js';
import { JobRunner } from './runner/job-runner.js';

const JOB_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Enqueues, lists, cancels and removes jobs. Exported for every feature. */
@Injectable()
export class JobsService {
  constructor(
    private readonly repository: JobsRepository,
    private readonly files: FileStore,
    private readonly identity: IdentityService,
    private readonly unitOfWork: UnitOfWork,
    private readonly runner: JobRunner,
    private readonly settings: JobsSettings,
    private readonly metrics: JobMetrics,
    private readonly security: SecurityLog,
  ) {}

  /**
   * Enqueues a job in the caller's unit of work, atomically with the caller's own writes. A repeated Idempotency-Key returns the
   * first job, and releases the new input.
   *
   * @throws IdempotencyKeyReusedError if the digest differs; TooManyJobsError beyond JOBS_PER_MEMBER; StoredFileGoneError;
   * NotAuthenticatedError if the member has withdrawn
   */
  async enqueue<P>(manager: EntityManager, job: NewJob<P>): Promise<JobDto> {
    const { memberId, idempotency, inputId } = job;
    // Serialises enqueueing per member until the transaction ends: the checks below hold at commit.
    await this.identity.lockMember({ id: memberId }, manager);
    const first = idempotency && (await this.repository.findByIdempotencyKey(manager, memberId, idempotency.key));
    if (first) return this.resolveRepeated(manager, first, job);
    if ((await this.repository.countUnfinished(manager, memberId)) >= this.settings.maxPerMember) {
      throw new TooManyJobsError(this.settings.maxPerMember);
    }
    if (inputId !== undefined) await this.files.keep(manager, inputId);
    const row = newRow(job);
    await this.repository.add(manager, row);
    this.unitOfWork.afterCommit(manager, () => this.runner.wake());
    return JobDto.of(row);
  }

  /** @throws JobNotFoundError, also for a job of another member */
  async find(id: string, member: AuthenticatedMember): Promise<JobView> {
    const [job] = await this.repository.findViews([id]);
    if (job?.memberId !== member.id) throw new JobNotFoundError();
    return job;
  }

  /** A page of the member's jobs, newest first. */
  async list(
    { id: memberId }: Pick<AuthenticatedMember, 'id'>,
    limit: number,
    cursor?: string,
  ): Promise<Page<JobView>> {
    const after = cursor === undefined ? undefined : decodeCursor(memberId, cursor, [isJobId])[0];
    const found = await this.repository.findPage(memberId, limit + 1, after as string | undefined);
    return pageOf(found, limit, { listing: memberId, positionOf: ({ id }) => [id] });
  }

  /**
   * Cancels an unfinished job, or removes a finished one with its files. Members act on their own jobs, administrators on all.
   *
   * @param cancelOnly leaves a finished job unchanged
   * @throws JobNotFoundError
   */
  async remove(id: string, by: AuthenticatedMember, actor: Actor, { cancelOnly = false } = {}): Promise<void> {
    const job = await this.unitOfWork.run(async (manager) => {
      const found = await this.repository.findForUpdate(manager, id);
      if (!found || (found.memberId !== by.id && by.role !== 'admin')) throw new JobNotFoundError();
      if (!isFinished(found.status)) await this.repository.cancel(manager, id, new Date());
      else if (cancelOnly) return undefined;
      else await this.repository.delete(manager, id);
      await this.files.release(manager, fileIdsOf(found));
      return found;
    });
    if (!job) return;
    const { kind, memberId, startedAt, status } = job;
    if (!isFinished(status)) {
      this.runner.revoke((running) => running.id === id);
      this.metrics.recordEnd(kind, 'cancelled', startedAt);
    }
    if (memberId !== by.id) this.security.record('job.removed', actor, { jobId: id, ownerId: memberId });
  }

  /** Removes a member's jobs and their files, in the unit of work of the withdrawal. */
  async removeOfMember(memberId: string, manager: EntityManager): Promise<void> {
    const jobs = await this.repository.lockOfMember(manager, memberId);
    await this.repository.deleteOfMember(manager, memberId);
    await this.files.release(manager, jobs.flatMap(fileIdsOf));
    this.unitOfWork.afterCommit(manager, () => this.runner.revoke((running) => running.memberId === memberId));
  }

  private async resolveRepeated<P>(manager: EntityManager, first: Job, job: NewJob<P>): Promise<JobDto> {
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
