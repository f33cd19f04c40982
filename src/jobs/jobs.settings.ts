import type { Env } from '../platform/config/index.js';

const DAY_MS = 86_400_000;

export class JobsSettings {
  /** Number of jobs that this process runs concurrently; 0 runs none. */
  readonly concurrency: number;
  /** Maximum number of unfinished jobs per member. */
  readonly maxPerMember: number;
  /** How long a finished job and its files are kept. */
  readonly retentionMs: number;

  constructor(env: Env) {
    this.concurrency = env.integer('JOBS_AT_ONCE', { default: 2, min: 0, max: 100 });
    this.maxPerMember = env.integer('JOBS_PER_MEMBER', { default: 100, min: 1, max: 1_000_000 });
    this.retentionMs = env.decimal('JOBS_KEEP_DAYS', { default: 7, min: 0, max: 36_500 }) * DAY_MS;
  }
}
