import type { BatchPolicy } from './batch.js';

/** The weight of a run after each further run. */
const DECAY = 0.95;
/** Variance of the number of rows below which no slope can be fitted. */
const MIN_VARIANCE = 1e-9;
/** The fastest cost per row grows by this factor with each run, so that an old minimum is forgotten. */
const FASTEST_GROWTH = 1.01;
/** Cap on mean cost divided by fastest cost per row. */
const MAX_MEAN_TO_FASTEST = 10;
/** The most rows of one piece of work where each row is a run of its own. */
const MAX_UNBATCHED_ROWS = 16;

/**
 * Predicts how long runs of a model take: a fixed cost per run and a cost per row, fitted to the observed runs by least
 * squares with exponentially decaying weights.
 */
export class RunCost {
  private weight = 0;
  private rows = 0;
  private ms = 0;
  private rowsSquared = 0;
  private rowsTimesMs = 0;
  /** The least milliseconds per row of any run. */
  private fastest = Infinity;

  observe(rows: number, ms: number): void {
    this.weight = this.weight * DECAY + 1;
    this.rows = this.rows * DECAY + rows;
    this.ms = this.ms * DECAY + ms;
    this.rowsSquared = this.rowsSquared * DECAY + rows * rows;
    this.rowsTimesMs = this.rowsTimesMs * DECAY + rows * ms;
    this.fastest = Math.min(this.fastest * FASTEST_GROWTH, ms / rows);
  }

  /** The expected milliseconds of this many runs with this many rows in all; 0 before the first observation. */
  estimate(runs: number, rows: number): number {
    const { perRun, perRow } = this.fit();
    return runs * perRun + rows * perRow;
  }

  /** The same for queued runs, which share batches where there is a policy. */
  estimateQueued(runs: number, rows: number, policy: BatchPolicy | undefined): number {
    return this.estimate(policy ? Math.ceil(rows / policy.maxBatchSize) : runs, rows);
  }

  /** The number of rows, at most one batch, that are expected to occupy the runtime for at most `ms`. */
  rowsWithin(ms: number, policy: BatchPolicy | undefined): number {
    // The fixed cost of a run does not shrink with the number of rows.
    const msPerRow = policy ? this.perRow : this.estimate(1, 1);
    const most = policy?.maxBatchSize ?? MAX_UNBATCHED_ROWS;
    return msPerRow > 0 ? Math.max(1, Math.min(most, Math.floor(ms / msPerRow))) : most;
  }

  /**
   * Milliseconds per row in a batch; 0 before the first observation. Runs are slowed down by much besides their rows, so the
   * fastest run is a better measure than the mean, unless the cost of rows varies a lot.
   */
  private get perRow(): number {
    return this.weight === 0 ? 0 : Math.max(this.fastest, this.ms / this.rows / MAX_MEAN_TO_FASTEST);
  }

  private fit(): { readonly perRun: number; readonly perRow: number } {
    if (this.weight === 0) return { perRun: 0, perRow: 0 };
    const meanRows = this.rows / this.weight;
    const meanMs = this.ms / this.weight;
    const variance = this.rowsSquared / this.weight - meanRows * meanRows;
    // Runs of equal size do not tell the cost of a further row.
    if (variance < MIN_VARIANCE) return { perRun: meanMs, perRow: 0 };
    const slope = Math.max(0, (this.rowsTimesMs / this.weight - meanRows * meanMs) / variance);
    return { perRun: Math.max(0, meanMs - slope * meanRows), perRow: slope };
  }
}
