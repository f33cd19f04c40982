import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThan, LessThanOrEqual, type Repository } from 'typeorm';
import { PreparedStatements, rowLock } from '../platform/database/index.js';
import { Job } from './entities/job.entity.js';
import { OPEN_STATUSES } from './job-status.js';

/** What is shown of a job: what its handler has to know may be large. */
const SHOWN = {
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

export type JobView = Pick<Job, keyof typeof SHOWN>;

/** Jobs as rows, as their members and other rooms see them. What takes a manager belongs into a unit of work. */
@Injectable()
export class JobsRepository {
  private readonly statements = new PreparedStatements(Job, 'id');

  constructor(@InjectRepository(Job) private readonly jobs: Repository<Job>) {}

  findViews(ids: readonly string[]): Promise<JobView[]> {
    return this.jobs.find({ select: SHOWN, where: { id: In(ids) } });
  }

  /** A member's jobs, the newest first, from the one after `after` on. */
  findPage(memberId: string, limit: number, after?: string): Promise<JobView[]> {
    const where = { memberId, ...(after !== undefined && { id: LessThan(after) }) };
    return this.jobs.find({ select: SHOWN, where, order: { id: 'DESC' }, take: limit });
  }

  /** With what its handler has to know, as JSON. */
  async findPayload(id: string): Promise<string | undefined> {
    return (await this.statements.find(this.jobs.manager, id))?.payload;
  }

  /** Some of the jobs that were over by then. */
  findOver(by: Date, limit: number): Promise<JobView[]> {
    return this.jobs.find({ select: SHOWN, where: { finishedAt: LessThanOrEqual(by) }, take: limit });
  }

  findByKey(manager: EntityManager, memberId: string, idempotencyKey: string): Promise<Job | null> {
    return manager.findOneBy(Job, { memberId, idempotencyKey });
  }

  /** How many jobs of a member are queued or running. */
  countOpen(manager: EntityManager, memberId: string): Promise<number> {
    return manager.countBy(Job, { memberId, status: In(OPEN_STATUSES) });
  }

  findForUpdate(manager: EntityManager, id: string): Promise<Job | null> {
    return this.statements.findForUpdate(manager, id);
  }

  /** Which nobody else changes until the transaction ends. */
  findOfMember(manager: EntityManager, memberId: string): Promise<JobView[]> {
    return manager.find(Job, { select: SHOWN, where: { memberId }, lock: rowLock(manager) });
  }

  async add(manager: EntityManager, job: Job): Promise<void> {
    await this.statements.insert(manager, job);
  }

  /** It gives up its files too. */
  async cancel(manager: EntityManager, id: string, finishedAt: Date): Promise<void> {
    const over = { status: 'cancelled', finishedAt, dueAt: null, state: null, inputId: null, resultId: null } as const;
    await manager.update(Job, { id }, over);
  }

  async remove(manager: EntityManager, id: string): Promise<boolean> {
    return Boolean((await manager.delete(Job, { id })).affected);
  }

  async removeOfMember(manager: EntityManager, memberId: string): Promise<void> {
    await manager.delete(Job, { memberId });
  }
}

/** What is stored for a job. */
export function filesOf({ inputId, resultId }: Pick<Job, 'inputId' | 'resultId'>): string[] {
  return [inputId, resultId].filter((id) => id !== null);
}
