import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThan, LessThanOrEqual, type Repository } from 'typeorm';
import { PreparedStatements, rowLock } from '../platform/database/index.js';
import { Job } from './entities/job.entity.js';
import { UNFINISHED_STATUSES } from './job-status.js';

/** Columns of a view. Excludes the payload and the state, which may be large. */
const VIEW_COLUMNS = {
  id: true,
  kind: true,
  memberId: true,
  model: true,
  version: true,
  status: true,
  done: true,
  total: true,
  errors: true,
  error: true,
  inputId: true,
  resultId: true,
  createdAt: true,
  startedAt: true,
  finishedAt: true,
} as const;

export type JobView = Pick<Job, keyof typeof VIEW_COLUMNS>;

/** Jobs outside of the queue. Methods that take a manager run in a unit of work. */
@Injectable()
export class JobsRepository {
  private readonly statements = new PreparedStatements(Job, 'id');

  constructor(@InjectRepository(Job) private readonly jobs: Repository<Job>) {}

  findViews(ids: readonly string[]): Promise<JobView[]> {
    return this.jobs.find({ select: VIEW_COLUMNS, where: { id: In(ids) } });
  }

  /** A member's jobs, newest first. @param after id of the last job of the page before */
  findPage(memberId: string, limit: number, after?: string): Promise<JobView[]> {
    const where = { memberId, ...(after !== undefined && { id: LessThan(after) }) };
    return this.jobs.find({ select: VIEW_COLUMNS, where, order: { id: 'DESC' }, take: limit });
  }

  /** The payload as JSON; undefined if there is no such job. */
  async findPayload(id: string): Promise<string | undefined> {
    return (await this.statements.find(this.jobs.manager, id))?.payload;
  }

  /** Jobs that finished at `time` or earlier. */
  findFinishedBefore(time: Date, limit: number): Promise<JobView[]> {
    return this.jobs.find({ select: VIEW_COLUMNS, where: { finishedAt: LessThanOrEqual(time) }, take: limit });
  }

  findByIdempotencyKey(manager: EntityManager, memberId: string, idempotencyKey: string): Promise<Job | null> {
    return manager.findOneBy(Job, { memberId, idempotencyKey });
  }

  countUnfinished(manager: EntityManager, memberId: string): Promise<number> {
    return manager.countBy(Job, { memberId, status: In(UNFINISHED_STATUSES) });
  }

  findForUpdate(manager: EntityManager, id: string): Promise<Job | null> {
    return this.statements.findForUpdate(manager, id);
  }

  /** Locks the rows until the transaction ends. */
  lockOfMember(manager: EntityManager, memberId: string): Promise<JobView[]> {
    return manager.find(Job, { select: VIEW_COLUMNS, where: { memberId }, lock: rowLock(manager) });
  }

  async add(manager: EntityManager, job: Job): Promise<void> {
    await this.statements.insert(manager, job);
  }

  /** Detaches its files; the caller releases them. */
  async cancel(manager: EntityManager, id: string, finishedAt: Date): Promise<void> {
    const changes = {
      status: 'cancelled',
      finishedAt,
      dueAt: null,
      state: null,
      inputId: null,
      resultId: null,
    } as const;
    await manager.update(Job, { id }, changes);
  }

  async delete(manager: EntityManager, id: string): Promise<boolean> {
    return Boolean((await manager.delete(Job, { id })).affected);
  }

  async deleteOfMember(manager: EntityManager, memberId: string): Promise<void> {
    await manager.delete(Job, { memberId });
  }
}

/** Ids of the files that a job owns. */
export function fileIdsOf({ inputId, resultId }: Pick<Job, 'inputId' | 'resultId'>): string[] {
  return [inputId, resultId].filter((id) => id !== null);
}
