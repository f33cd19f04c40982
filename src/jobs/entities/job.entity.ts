import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { InstantColumn, SafeIntegerColumn } from '../../platform/database/index.js';
import type { JobStatus } from '../job-status.js';

/** Of a kind, a model and a version. */
const MAX_NAME_LENGTH = 128;
const MAX_KEY_LENGTH = 255;

/** A background job. */
@Entity('job')
@Index('job_due_at', ['dueAt'])
@Index('job_status_member', ['status', 'memberId'])
@Index('job_member', ['memberId', 'id'])
@Index('job_member_claimed_at', ['memberId', 'claimedAt'])
@Index('job_finished_at', ['finishedAt'])
@Index('job_idempotency_key', ['memberId', 'idempotencyKey'], { unique: true })
export class Job {
  /** A version 7 UUID: sorts by time of creation. */
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

  /** The handler's arguments, as JSON. */
  @Column('text')
  payload!: string;

  /** The handler's state as of the last checkpoint, as JSON. */
  @Column('text', { nullable: true })
  state!: string | null;

  @SafeIntegerColumn()
  done!: number;

  @SafeIntegerColumn()
  total!: number;

  @SafeIntegerColumn()
  errors!: number;

  /** Cause of a failure, as JSON (JobErrorDto). */
  @Column('text', { nullable: true })
  error!: string | null;

  /** Ids of the stored files that the job owns. */
  @Column('varchar', { length: 36, nullable: true })
  inputId!: string | null;

  @Column('varchar', { length: 36, nullable: true })
  resultId!: string | null;

  @Column('varchar', { length: MAX_KEY_LENGTH, nullable: true })
  idempotencyKey!: string | null;

  @Column('varchar', { length: 64, nullable: true })
  idempotencyDigest!: string | null;

  /** Earliest time of the next claim: of a queued job its delay, of a running job the expiry of its lease. Null if finished. */
  @InstantColumn({ nullable: true })
  dueAt!: Date | null;

  /** Fencing token: grows with each claim, so that writes under a former lease are refused. */
  @Column('integer')
  fence!: number;

  /** Fence of the last run that saved a checkpoint, or ended by itself. */
  @Column('integer')
  savedFence!: number;

  /** Time of the last checkpoint, or of the last claim without a preceding error. */
  @InstantColumn()
  savedAt!: Date;

  /** Consecutive errors since then. */
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
