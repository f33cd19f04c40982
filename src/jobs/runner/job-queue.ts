import type { JobErrorDto } from '../dto/job.dto.js';
import type { JobCheckpoint, Progress } from '../job-handler.js';
import type { JobLease } from './job-lease.js';

/** A job at the moment a runner claims it. */
export interface ClaimedJob extends JobLease {
  readonly kind: string;
  readonly memberId: string;
  readonly payload: unknown;
  readonly state: unknown;
  readonly progress: Progress;
  readonly inputId: string | undefined;
  readonly resultId: string | undefined;
  /** Consecutive errors since the last checkpoint. */
  readonly attempts: number;
  /** Consecutive claims without a checkpoint or an error, this one included: the process ended each time. */
  readonly attemptsWithoutProgress: number;
  /** Time of the last checkpoint, or of the last claim without a preceding error. */
  readonly savedAt: Date;
  readonly startedAt: Date;
}

export type JobOutcome =
  { readonly status: 'succeeded' } | { readonly status: 'failed'; readonly error: Readonly<JobErrorDto> };

/** A scheduled retry. */
export interface Postponement {
  readonly until: Date;
  readonly attempts: number;
}

/**
 * The queue that any number of runners, in any number of processes, claim jobs from. Operations that take a lease have no effect
 * once the lease is lost.
 */
export abstract class JobQueue {
  /** Makes the jobs of a process that ended claimable. Called once, at the start of a process. */
  abstract recoverAbandoned(): Promise<void>;
  /** Leases the next job; undefined if none is due. */
  abstract claim(): Promise<ClaimedJob | undefined>;
  /** @returns whether the lease was valid */
  abstract renew(lease: JobLease): Promise<boolean>;
  /** Selects the valid leases, without a write. */
  abstract findValid(leases: readonly JobLease[]): Promise<ReadonlySet<JobLease>>;
  /** Saves a checkpoint atomically, and renews the lease. @returns the id of the result, if any @throws JobLostError */
  abstract save(lease: JobLease, checkpoint: JobCheckpoint, resultId: string | undefined): Promise<string | undefined>;
  /** @returns whether the lease was valid */
  abstract finish(lease: JobLease, outcome: JobOutcome): Promise<boolean>;
  /** @returns whether the lease was valid */
  abstract postpone(lease: JobLease, postponement: Postponement): Promise<boolean>;
}
