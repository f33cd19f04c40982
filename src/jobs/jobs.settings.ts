import type { Env } from '../platform/config/index.js';

const DAY_MS = 86_400_000;

export class JobsSettings {
  /** How many jobs this process does at once. */
  readonly atOnce: number;
  /** How many jobs of one member may be queued or running. */
  readonly perMember: number;
  /** How long a job that is over is kept, with its files. */
  readonly keepMs: number;

  constructor(env: Env) {
    this.atOnce = env.integer('JOBS_AT_ONCE', { default: 2, min: 0, max: 100 });
    this.perMember = env.integer('JOBS_PER_MEMBER', { default: 100, min: 1, max: 1_000_000 });
    this.keepMs = env.decimal('JOBS_KEEP_DAYS', { default: 7, min: 0, max: 36_500 }) * DAY_MS;
  }
}
