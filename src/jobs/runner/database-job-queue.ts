import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThanOrEqual, type Repository } from 'typeorm';
import { DatabaseSettings, PreparedStatements, UnitOfWork } from '../../platform/database/index.js';
import { FileStore } from '../../platform/storage/index.js';
import { Job } from '../entities/job.entity.js';
import type { JobCheckpoint } from '../job-handler.js';
import { JobLostError } from '../jobs.errors.js';
import { filesOf } from '../jobs.repository.js';
import { type ClaimedJob, type Hold, JobQueue, type Outcome, type Postponement } from './job-queue.js';

/** How long a job is held without being extended. */
const LEASE_MS = 15_000;
/** How often others may be quicker before the next look. */
const MAX_TRIES = 5;
/** Of those that are due, so many are looked at: the ones that have been so for longest. */
const MAX_DUE = 1_000;

/**
 * The jobs of the database. A claim is an update on the condition that nobody else has made it, which is right with any number
 * of processes on PostgreSQL, and for the one that SQLite has.
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

  /** An embedded database has one server: whatever is running there was run by one that is no more. */
  async takeOver(): Promise<void> {
    if (this.database.kind !== 'sqlite' || !(await this.jobs.existsBy({ status: 'running' }))) return;
    await this.unitOfWork.run((manager) => manager.update(Job, { status: 'running' }, { dueAt: new Date() }));
  }

  async claim(): Promise<ClaimedJob | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const id = await this.findNext();
      if (id === undefined) return undefined;
      const job = await this.unitOfWork.run((manager) => this.tryClaim(manager, id));
      if (job) return job;
    }
    return undefined;
  }

  async extend(hold: Hold): Promise<boolean> {
    return this.unitOfWork.run((manager) => update(manager, hold, { dueAt: inALease() }));
  }

  async findHeld(holds: readonly Hold[]): Promise<ReadonlySet<Hold>> {
    const ids = holds.map(({ id }) => id);
    const select = { id: true, fence: true } as const;
    const rows = await this.jobs.find({ select, where: { id: In(ids), status: 'running' } });
    return new Set(holds.filter(({ id, fence }) => rows.some((row) => row.id === id && row.fence === fence)));
  }

  save(hold: Hold, step: JobCheckpoint, known: string | undefined): Promise<string | undefined> {
    const { progress, state, result, work, delayedDurability } = step;
    return this.unitOfWork.run(
      async (manager) => {
        // First: a withdrawal too locks the member before the job.
        await work?.(manager);
        const resultId = known ?? (result && (await this.files.create(manager)));
        const isHeld = await update(manager, hold, {
          ...progress,
          ...(state !== undefined && { state: JSON.stringify(state) }),
          resultId: resultId ?? null,
          dueAt: inALease(),
          savedAt: new Date(),
          savedFence: hold.fence,
          attempts: 0,
        });
        if (!isHeld) throw new JobLostError();
        if (resultId !== undefined && result) await this.files.append(manager, resultId, result);
        return resultId;
      },
      { delayedDurability },
    );
  }

  finish(hold: Hold, outcome: Outcome): Promise<boolean> {
    const over = { status: outcome.status, finishedAt: new Date(), dueAt: null, state: null };
    return this.unitOfWork.run(async (manager) => {
      if (outcome.status === 'succeeded') return update(manager, hold, over);
      const job = await this.statements.findForUpdate(manager, hold.id);
      const error = JSON.stringify(outcome.error);
      const isHeld = await update(manager, hold, { ...over, error, inputId: null, resultId: null });
      if (isHeld && job) await this.files.release(manager, filesOf(job));
      return isHeld;
    });
  }

  /** A job that throws, or is left, is at work: it does not wear out. */
  postpone(hold: Hold, { until, attempts }: Postponement): Promise<boolean> {
    const changes = { status: 'queued', dueAt: until, attempts, savedFence: hold.fence } as const;
    return this.unitOfWork.run((manager) => update(manager, hold, changes));
  }

  /**
   * The oldest job of the member for whom the fewest are running; of several such, of the one who was served least recently.
   * Nothing but reading: where there is nothing to do, nobody is kept from writing.
   */
  private async findNext(): Promise<string | undefined> {
    // The limit is also what makes SQLite begin with the few that are due, and not with all jobs there are.
    const due = `SELECT "memberId", "id" FROM "job" WHERE "dueAt" <= ${Date.now()} ORDER BY "dueAt" LIMIT ${MAX_DUE}`;
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
        dueAt: inALease(),
        claimedAt: now,
        startedAt: () => `COALESCE("startedAt", ${now.getTime()})`,
        savedAt: () => `CASE WHEN attempts = 0 THEN ${now.getTime()} ELSE "savedAt" END`,
        fence: () => 'fence + 1',
      },
    );
    if (!affected) return undefined;
    const job = await this.statements.find(manager, id);
    return job ? claimed(job) : undefined;
  }
}

/** Changes a job for as long as it is held; answers whether it was. */
async function update(
  manager: EntityManager,
  { id, fence }: Hold,
  changes: Parameters<typeof manager.update<Job>>[2],
): Promise<boolean> {
  const { affected } = await manager.update(Job, { id, fence, status: 'running' }, changes);
  return Boolean(affected);
}

function inALease(): Date {
  return new Date(Date.now() + LEASE_MS);
}

function claimed(job: Job): ClaimedJob {
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
    fruitless: fence - job.savedFence,
    savedAt,
    startedAt: job.startedAt ?? savedAt,
  };
}
