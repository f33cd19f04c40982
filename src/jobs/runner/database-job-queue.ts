import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThanOrEqual, type Repository } from 'typeorm';
import { DatabaseSettings, PreparedStatements, UnitOfWork } from '../../platform/database/index.js';
import { FileStore } from '../../platform/storage/index.js';
import { Job } from '../entities/job.entity.js';
import type { JobCheckpoint } from '../job-handler.js';
import { JobLostError } from '../jobs.errors.js';
import { fileIdsOf } from '../jobs.repository.js';
import { type JobLease, leaseExpiry } from './job-lease.js';
import { type ClaimedJob, type JobOutcome, JobQueue, type Postponement } from './job-queue.js';

/** Claims that other runners may win before this one waits for the next poll. */
const MAX_CLAIM_RACES = 5;
/** Number of due jobs considered for a claim, the longest due first. */
const MAX_DUE_JOBS = 1_000;

/**
 * A queue in the database. A claim is a conditional update (optimistic locking), which is correct for any number of processes on
 * PostgreSQL, and for the single one on SQLite.
 */
@Injectable()
export class DatabaseJobQueue extends JobQueue {
  private readonly statements = new PreparedStatements(Job, 'id');

  constructor(
    @InjectRepository(Job) private readonly jobs: Repository<Job>,
    private readonly database: DatabaseSettings,
    private readonly unitOfWork: UnitOfWork,
    private readonly files: FileStore,
  ) {
    super();
  }

  /** SQLite has a single process: at its start, every running job belongs to a process that ended. */
  async recoverAbandoned(): Promise<void> {
    if (this.database.kind !== 'sqlite' || !(await this.jobs.existsBy({ status: 'running' }))) return;
    await this.unitOfWork.run((manager) => manager.update(Job, { status: 'running' }, { dueAt: new Date() }));
  }

  async claim(): Promise<ClaimedJob | undefined> {
    for (let races = 0; races < MAX_CLAIM_RACES; races += 1) {
      const id = await this.findNext();
      if (id === undefined) return undefined;
      const job = await this.unitOfWork.run((manager) => this.tryClaim(manager, id));
      if (job) return job;
    }
    return undefined;
  }

  async renew(lease: JobLease): Promise<boolean> {
    return this.unitOfWork.run((manager) => updateLeased(manager, lease, { dueAt: leaseExpiry() }));
  }

  async findValid(leases: readonly JobLease[]): Promise<ReadonlySet<JobLease>> {
    const ids = leases.map(({ id }) => id);
    const select = { id: true, fence: true } as const;
    const rows = await this.jobs.find({ select, where: { id: In(ids), status: 'running' } });
    return new Set(leases.filter(({ id, fence }) => rows.some((row) => row.id === id && row.fence === fence)));
  }

  save(lease: JobLease, checkpoint: JobCheckpoint, knownResultId: string | undefined): Promise<string | undefined> {
    const { progress, state, result, work, delayedDurability } = checkpoint;
    return this.unitOfWork.run(
      async (manager) => {
        // Before the update of the job: a withdrawal locks the member first, too, so that the two cannot deadlock.
        await work?.(manager);
        const resultId = knownResultId ?? (result && (await this.files.create(manager)));
        const isValid = await updateLeased(manager, lease, {
          ...progress,
          ...(state !== undefined && { state: JSON.stringify(state) }),
          resultId: resultId ?? null,
          dueAt: leaseExpiry(),
          savedAt: new Date(),
          savedFence: lease.fence,
          attempts: 0,
        });
        if (!isValid) throw new JobLostError();
        if (resultId !== undefined && result) await this.files.append(manager, resultId, result);
        return resultId;
      },
      { delayedDurability },
    );
  }

  finish(lease: JobLease, outcome: JobOutcome): Promise<boolean> {
    const end = { status: outcome.status, finishedAt: new Date(), dueAt: null, state: null };
    return this.unitOfWork.run(async (manager) => {
      if (outcome.status === 'succeeded') return updateLeased(manager, lease, end);
      const job = await this.statements.findForUpdate(manager, lease.id);
      const error = JSON.stringify(outcome.error);
      const isValid = await updateLeased(manager, lease, { ...end, error, inputId: null, resultId: null });
      if (isValid && job) await this.files.release(manager, fileIdsOf(job));
      return isValid;
    });
  }

  /** Sets `savedFence`: a run that ends by itself does not count as one without progress. */
  postpone(lease: JobLease, { until, attempts }: Postponement): Promise<boolean> {
    const changes = { status: 'queued', dueAt: until, attempts, savedFence: lease.fence } as const;
    return this.unitOfWork.run((manager) => updateLeased(manager, lease, changes));
  }

  /**
   * Fair queueing: the oldest due job of the member with the fewest running jobs, and among equals of the member whose last
   * claim is the oldest. Reads only, so that idle polling does not block writers.
   */
  private async findNext(): Promise<string | undefined> {
    // The limit also makes SQLite start from the index of due jobs, instead of scanning all jobs.
    const due = `SELECT "memberId", "id" FROM "job" WHERE "dueAt" <= ${Date.now()} ORDER BY "dueAt" LIMIT ${MAX_DUE_JOBS}`;
    const [row] = await this.jobs.query<{ id: string }[]>(`
      SELECT "waiting"."id" AS "id"
      FROM (SELECT "memberId", MIN("id") AS "id" FROM (${due}) "due" GROUP BY "memberId") "waiting"
      ORDER BY
        (SELECT COUNT(*) FROM "job" WHERE "job"."status" = 'running' AND "job"."memberId" = "waiting"."memberId"),
        (SELECT COALESCE(MAX("job"."claimedAt"), 0) FROM "job" WHERE "job"."memberId" = "waiting"."memberId"),
        "waiting"."id"
      LIMIT 1`);
    return row?.id;
  }

  private async tryClaim(manager: EntityManager, id: string): Promise<ClaimedJob | undefined> {
    const now = new Date();
    const { affected } = await manager.update(
      Job,
      { id, dueAt: LessThanOrEqual(now) },
      {
        status: 'running',
        dueAt: leaseExpiry(),
        claimedAt: now,
        startedAt: () => `COALESCE("startedAt", ${now.getTime()})`,
        savedAt: () => `CASE WHEN attempts = 0 THEN ${now.getTime()} ELSE "savedAt" END`,
        fence: () => 'fence + 1',
      },
    );
    if (!affected) return undefined;
    const job = await this.statements.find(manager, id);
    return job ? toClaimedJob(job) : undefined;
  }
}

/** Updates a job if the lease is valid. @returns whether it was */
async function updateLeased(
  manager: EntityManager,
  { id, fence }: JobLease,
  changes: Parameters<typeof manager.update<Job>>[2],
): Promise<boolean> {
  const { affected } = await manager.update(Job, { id, fence, status: 'running' }, changes);
  return Boolean(affected);
}

function toClaimedJob(job: Job): ClaimedJob {
  const { id, fence, kind, memberId, attempts, savedAt, done, total, errors } = job;
  return {
    id,
    fence,
    kind,
    memberId,
    payload: JSON.parse(job.payload) as unknown,
    state: job.state === null ? undefined : (JSON.parse(job.state) as unknown),
    progress: { done, total, errors },
    inputId: job.inputId ?? undefined,
    resultId: job.resultId ?? undefined,
    attempts,
    attemptsWithoutProgress: fence - job.savedFence,
    savedAt,
    startedAt: job.startedAt ?? savedAt,
  };
}
