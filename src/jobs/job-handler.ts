import { applyDecorators, Injectable, SetMetadata } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

export const JOB_HANDLER = Symbol('job handler');

/** Registers a provider, which implements the interface of the same name, as the handler of all jobs of a kind. */
export function JobHandler(kind: string): ClassDecorator {
  return applyDecorators(Injectable(), SetMetadata(JOB_HANDLER, kind));
}

/** Implemented by a provider with the decorator `@JobHandler(kind)`. */
export interface JobHandler<P = unknown> {
  /**
   * Runs the job, or resumes it from `job.state`.
   *
   * Throwing a temporary `DomainError` (`unavailable`, `rate-limited`, `deadline`, `storage-full`) retries the job with back-off, not
   * before its `retryAfterSeconds`. Any other `DomainError` fails the job with its code and message. Any other error is retried a few
   * times.
   */
  run(job: RunningJob<P>): Promise<void>;
  /** The result as CSV, chunk by chunk. Without this method, a request for CSV is refused. */
  toCsv?(job: FinishedJob<P>): AsyncIterable<string>;
}

/** Progress in units of the handler's choice, usually rows. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly errors: number;
}

/** A job as its handler sees it. */
export interface RunningJob<P = unknown> {
  readonly id: string;
  readonly memberId: string;
  readonly payload: P;
  /** Id of a stored file that the job owns. */
  readonly inputId: string | undefined;
  /** As of the last checkpoint. */
  readonly progress: Progress;
  /** As of the last checkpoint; undefined before the first. */
  readonly state: unknown;
  /** Aborted when the job is cancelled, when its lease is lost, and when the application stops. */
  readonly signal: AbortSignal;
  /**
   * Saves a checkpoint in one transaction: progress, state, a part of the result and the writes of `work`, all or none, and only
   * while this runner holds the lease.
   *
   * @throws JobLostError when it does not; handlers let it propagate
   */
  save(checkpoint: JobCheckpoint): Promise<void>;
}

export interface JobCheckpoint {
  readonly progress?: Progress;
  /** Any JSON value. */
  readonly state?: unknown;
  /** Whole JSON lines, appended to the result. */
  readonly result?: Buffer;
  /** Writes of the feature, in the same transaction. */
  readonly work?: (manager: EntityManager) => Promise<void>;
  /** Skips the fsync on SQLite: a power cut may lose the checkpoint, and the job repeats it. For checkpoints without `work`. */
  readonly delayedDurability?: boolean;
}

/** A job that has succeeded. */
export interface FinishedJob<P = unknown> {
  readonly payload: P;
  readonly inputId: string | undefined;
  /** The result, in chunks of whole lines. */
  lines(): AsyncIterable<Buffer>;
}

/** A job to enqueue. */
export interface NewJob<P = unknown> {
  /** Selects the `@JobHandler`. */
  readonly kind: string;
  readonly memberId: string;
  /** Any JSON value; the handler's arguments. */
  readonly payload: P;
  /** Total of its progress. */
  readonly total: number;
  /** Id of a stored file. The job owns the file from then on. */
  readonly inputId?: string;
  /** Shown by `GET /jobs/{id}`. */
  readonly model?: string;
  readonly version?: string;
  /** The caller's `Idempotency-Key`, and a digest of everything that the caller requested with it. */
  readonly idempotency?: { readonly key: string; readonly digest: string };
}
