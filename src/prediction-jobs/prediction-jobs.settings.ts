import type { Env } from '../platform/config/index.js';

export class PredictionJobsSettings {
  /** Maximum number of rows per job. */
  readonly maxRows: number;

  constructor(env: Env) {
    this.maxRows = env.integer('JOB_MAX_ROWS', { default: 10_000_000, min: 1, max: 1_000_000_000 });
  }
}
