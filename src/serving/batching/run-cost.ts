/** How much an older run counts against the next one. */
const DECAY = 0.95;
const NO_SPREAD = 1e-9;
/** With each run the fastest one is believed a little less. */
const FADE = 1.01;
/** So many times as long as its rows need may runs take on the mean. */
const MOST_BESIDE = 10;

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
  /** Milliseconds a row, of the run in which that was least. */
  private fastest = Infinity;

  observe(rows: number, ms: number): void {
    this.weight = this.weight * DECAY + 1;
    this.rows = this.rows * DECAY + rows;
    this.ms = this.ms * DECAY + ms;
    this.rowsSquared = this.rowsSquared * DECAY + rows * rows;
    this.rowsTimesMs = this.rowsTimesMs * DECAY + rows * ms;
    this.fastest = Math.min(this.fastest * FADE, ms / rows);
  }

  /** Milliseconds that so many runs with so many rows in all are likely to take; 0 while nothing is known. */
  estimate(runs: number, rows: number): number {
    const { perRun, perRow } = this.fit();
    return runs * perRun + rows * perRow;
  }

  /**
   * Milliseconds that a row keeps the runtime busy, where it goes into a run with others; 0 while nothing is known. A run is
   * slow for many reasons beside its rows: the fastest ones tell more than the mean does, unless rows differ a lot.
   */
  get perRow(): number {
    return this.weight === 0 ? 0 : Math.max(this.fastest, this.ms / this.rows / MOST_BESIDE);
  }

  private fit(): { readonly perRun: number; readonly perRow: number } {
    if (this.weight === 0) return { perRun: 0, perRow: 0 };
    const meanRows = this.rows / this.weight;
    const meanMs = this.ms / this.weight;
    const spread = this.rowsSquared / this.weight - meanRows * meanRows;
    // Runs that were all alike tell nothing of what a further row costs.
    if (spread < NO_SPREAD) return { perRun: meanMs, perRow: 0 };
    const slope = Math.max(0, (this.rowsTimesMs / this.weight - meanRows * meanMs) / spread);
    return { perRun: Math.max(0, meanMs - slope * meanRows), perRow: slope };
  }
}
