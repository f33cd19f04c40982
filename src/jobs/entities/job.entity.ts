import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn, SafeIntegerColumn } from '../../platform/database/index.js';
import type { JobStatus } from '../job-status.js';

/** The longest kind, and the longest name of a model or version. */
const MAX_NAME_LENGTH = 128;
const MAX_KEY_LENGTH = 255;

/** Work that outlasts a request. */
@Entity('job')
@Index('job_due_at', ['dueAt'])
@Index('job_status_member', ['status', 'memberId'])
@Index('job_member', ['memberId', 'id'])
@Index('job_member_claimed_at', ['memberId', 'claimedAt'])
@Index('job_finished_at', ['finishedAt'])
@Index('job_idempotency_key', ['memberId', 'idempotencyKey'], { unique: true })
export class Job {
  /** A UUID whose order is that of the jobs' coming. */
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  @Column('varchar', { length: MAX_NAME_LENGTH })
  kind!: string;

  @Column('varchar', { length: 36 })
  memberId!: string;

  @Column('varchar', { length: MAX_NAME_LENGTH, nullable: true })
  model!: string | null;

  @Column('varchar', { length: MAX_NAME_LENGTH, nullable: true })
  version!: string | null;

  @Column('varchar', { length: 16 })
  status!: JobStatus;

  /** What the handler has to know, as JSON. */
  @Column('text')
  payload!: string;

  /** Where the handler goes on, as JSON. */
  @Column('text', { nullable: true })
  state!: string | null;

  @SafeIntegerColumn()
  done!: number;

  @SafeIntegerColumn()
  total!: number;

  @SafeIntegerColumn()
  errors!: number;

  /** Why it has failed, as JSON. */
  @Column('text', { nullable: true })
  error!: string | null;

  /** Stored files that belong to it. */
  @Column('varchar', { length: 36, nullable: true })
  inputId!: string | null;

  @Column('varchar', { length: 36, nullable: true })
  resultId!: string | null;

  @Column('varchar', { length: MAX_KEY_LENGTH, nullable: true })
  idempotencyKey!: string | null;

  @Column('varchar', { length: 64, nullable: true })
  idempotencyDigest!: string | null;

  /** From when on a runner may take it up: not before this where it is queued, after the lease where it is running. */
  @InstantColumn({ nullable: true })
  dueAt!: Date | null;

  /** Grows each time that a runner takes it up: what a former one would write is refused. */
  @Column('integer')
  fence!: number;

  /** The fence of the last one that got anywhere. */
  @Column('integer')
  savedFence!: number;

  /** When anything of it was last saved, or it was taken up without having thrown since. */
  @InstantColumn()
  savedAt!: Date;

  /** How often in a row it has thrown since. */
  @Column('integer')
  attempts!: number;

  @InstantColumn({ nullable: true })
  claimedAt!: Date | null;

  @InstantColumn()
  createdAt!: Date;

  @InstantColumn({ nullable: true })
  startedAt!: Date | null;

  @InstantColumn({ nullable: true })
  finishedAt!: Date | null;
}
