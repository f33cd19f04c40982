import type { Env } from '../platform/config/index.js';

export class PredictionJobsSettings {
  /** The most rows that one job may have. */
  readonly maxRows: number;

  constructor(env: Env) {
    this.maxRows = env.integer('JOB_MAX_ROWS', { default: 10_000_000, min: 1, max: 1_000_000_000 });
  }
}
