import type { EntityManager } from 'typeorm';

/** How far a job has come, in whatever it counts: rows, mostly. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly errors: number;
}

/** What a provider that is a `@JobHandler` does. */
export interface JobWork<P = unknown> {
  /**
   * Does the job, or goes on with it from `job.state`. Throwing a `DomainError` fails the job with its code and words, unless
   * it is `unavailable`, `rate-limited`, `deadline` or `storage-full`: then the job is tried again after its
   * `retryAfterSeconds`, with back-off. Any other error is tried again a few times.
   */
  run(job: RunningJob<P>): Promise<void>;
  /** The result as CSV, piece by piece, where there is one. */
  toCsv?(job: FinishedJob<P>): AsyncIterable<string>;
}

/** A job, to whoever does it. */
export interface RunningJob<P = unknown> {
  readonly id: string;
  readonly memberId: string;
  readonly payload: P;
  /** A stored file that belongs to the job. */
  readonly inputId: string | undefined;
  /** As last saved. */
  readonly progress: Progress;
  /** As last saved, any JSON; undefined at first. */
  readonly state: unknown;
  /** Aborted where the job is cancelled or another runner has it, and when the application stops. */
  readonly signal: AbortSignal;
  /**
   * One transaction: progress, state, more of the result, and the writes of `work`; all or none, and only while this runner
   * still holds the job.
   *
   * @throws JobLostError where it does not: let it through
   */
  save(step: JobStep): Promise<void>;
}

/** What is kept of a part of a job. */
export interface JobStep {
  readonly progress?: Progress;
  readonly state?: unknown;
  /** JSON lines. */
  readonly result?: Buffer;
  readonly work?: (manager: EntityManager) => Promise<void>;
  /** Whether nothing outside of the job depends on it: a power cut may take it, and the job does it again. */
  readonly delayedDurability?: boolean;
}

/** A job that has succeeded. */
export interface FinishedJob<P = unknown> {
  readonly payload: P;
  readonly inputId: string | undefined;
  /** The result, in pieces that end with a line. */
  lines(): AsyncIterable<Buffer>;
}

/** A job to be enqueued. */
export interface NewJob<P = unknown> {
  /** That of its `@JobHandler`. */
  readonly kind: string;
  readonly memberId: string;
  /** Any JSON: what the handler has to know. */
  readonly payload: P;
  /** Of its progress. */
  readonly total: number;
  /** A stored file; it belongs to the job from then on. */
  readonly inputId?: string;
  /** What `GET /jobs/{id}` shows. */
  readonly model?: string;
  readonly version?: string;
  /** The caller's `Idempotency-Key`, and a digest of everything that they have asked for with it. */
  readonly idempotency?: { readonly key: string; readonly digest: string };
}
