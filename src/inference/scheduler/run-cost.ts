/** How much an older run counts against the next one. */
const DECAY = 0.95;
const NO_SPREAD = 1e-9;

/**
 * What runs of a model take, learnt from those there were: so much for a run, and so much for each row in it. The two are
 * fitted by least squares in which older runs count less and less.
 */
export class RunCost {
  private weight = 0;
  private rows = 0;
  private ms = 0;
  private rowsSquared = 0;
  private rowsTimesMs = 0;

  observe(rows: number, ms: number): void {
    this.weight = this.weight * DECAY + 1;
    this.rows = this.rows * DECAY + rows;
    this.ms = this.ms * DECAY + ms;
    this.rowsSquared = this.rowsSquared * DECAY + rows * rows;
    this.rowsTimesMs = this.rowsTimesMs * DECAY + rows * ms;
  }

  /** Milliseconds that so many runs with so many rows in all are likely to take; 0 while nothing is known. */
  estimate(runs: number, rows: number): number {
    if (this.weight === 0) return 0;
    const meanRows = this.rows / this.weight;
    const meanMs = this.ms / this.weight;
    const spread = this.rowsSquared / this.weight - meanRows * meanRows;
    // Runs that were all alike tell nothing of what a further row costs.
    if (spread < NO_SPREAD) return runs * meanMs;
    const perRow = Math.max(0, (this.rowsTimesMs / this.weight - meanRows * meanMs) / spread);
    const perRun = Math.max(0, meanMs - perRow * meanRows);
    return runs * perRun + rows * perRow;
  }
}
