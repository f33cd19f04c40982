import type { JobErrorDto } from '../dto/job.dto.js';
import type { JobCheckpoint, Progress } from '../job-handler.js';

/** The right of one runner to a job, until another takes it up, or it is cancelled or removed. */
export interface Hold {
  readonly id: string;
  /** Grows with each hold of the job. */
  readonly fence: number;
}

/** A job that a runner has just taken up. */
export interface ClaimedJob extends Hold {
  readonly kind: string;
  readonly memberId: string;
  readonly payload: unknown;
  readonly state: unknown;
  readonly progress: Progress;
  readonly inputId: string | undefined;
  readonly resultId: string | undefined;
  /** How often in a row it has thrown since anything was saved. */
  readonly attempts: number;
  /** How often in a row it has been taken up, this time included, without anything having been saved. */
  readonly fruitless: number;
  /** When anything of it was last saved, or it was taken up without having thrown since. */
  readonly savedAt: Date;
  readonly startedAt: Date;
}

/** How a job has ended. */
export type Outcome =
  { readonly status: 'succeeded' } | { readonly status: 'failed'; readonly error: Readonly<JobErrorDto> };

/** When a job is to be tried again. */
export interface Postponement {
  readonly until: Date;
  readonly attempts: number;
}

/**
 * Where runners take jobs from, any number of them in any number of processes. What a hold is needed for changes nothing once
 * that is lost.
 */
export abstract class JobQueue {
  /** For the start of a process. */
  abstract takeOver(): Promise<void>;
  /** The job whose turn it is, to be done by nobody else for as long as it is extended or saved; undefined where there is none. */
  abstract claim(): Promise<ClaimedJob | undefined>;
  /** Answers whether it is still held. */
  abstract extend(hold: Hold): Promise<boolean>;
  /** Those of them that are still held. */
  abstract findHeld(holds: readonly Hold[]): Promise<ReadonlySet<Hold>>;
  /** Saves a step, all or none of it; answers the id of the result, where there is any. @throws JobLostError */
  abstract save(hold: Hold, step: JobCheckpoint, resultId: string | undefined): Promise<string | undefined>;
  /** Answers whether it was still held. */
  abstract finish(hold: Hold, outcome: Outcome): Promise<boolean>;
  /** Answers whether it was still held. */
  abstract postpone(hold: Hold, postponement: Postponement): Promise<boolean>;
}
