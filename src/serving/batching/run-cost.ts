import type { BatchPolicy } from './batch.js';

/** Earlier runs are forgotten, so that a busy start is not held against the model. */
const WINDOW = 24;
/** Fewer runs may all have been slowed down by something else. */
const MIN_EVIDENCE = 8;
/** The most rows of one piece of work where each row is a run of its own. */
const MAX_UNBATCHED_ROWS = 16;

interface Fit {
  readonly perRun: number;
  readonly perRow: number;
}

/**
 * Predicts how long runs of a model take: a fixed cost per run and a cost per row, fitted to the recent runs by the Theil–Sen
 * estimator. It is made of medians, because runs are slowed down by much besides their rows, at the start of a server most.
 */
export class RunCost {
  private readonly rows: number[] = [];
  private readonly ms: number[] = [];
  private next = 0;
  private lastFit: Fit | undefined;

  observe(rows: number, ms: number): void {
    this.rows[this.next] = rows;
    this.ms[this.next] = ms;
    this.next = (this.next + 1) % WINDOW;
    this.lastFit = undefined;
  }

  /** Whether enough runs have been observed to refuse others by their estimates. */
  get hasEvidence(): boolean {
    return this.ms.length >= MIN_EVIDENCE;
  }

  /** Milliseconds of the slowest recent run; 0 before the first. Much cheaper than an estimate. */
  get slowest(): number {
    let slowest = 0;
    for (const ms of this.ms) if (ms > slowest) slowest = ms;
    return slowest;
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
    const msPerRow = policy ? this.perRowInBatch() : this.estimate(1, 1);
    const most = policy?.maxBatchSize ?? MAX_UNBATCHED_ROWS;
    return msPerRow > 0 ? Math.max(1, Math.min(most, Math.floor(ms / msPerRow))) : most;
  }

  /**
   * Milliseconds of a further row in a batch: the fixed cost of a run does not grow with its rows. Runs of equal size do not
   * tell the two apart; then a row has its share of the whole.
   */
  private perRowInBatch(): number {
    const { perRow } = this.fit();
    return perRow > 0 ? perRow : median(this.ms.map((ms, index) => ms / this.rows[index]!));
  }

  private fit(): Fit {
    return (this.lastFit ??= this.newFit());
  }

  private newFit(): Fit {
    const { rows, ms } = this;
    const slopes: { readonly value: number; readonly weight: number }[] = [];
    for (let i = 0; i < rows.length; i += 1) {
      for (let j = 0; j < i; j += 1) {
        const difference = rows[i]! - rows[j]!;
        // A pair tells more about the cost of a row, the more rows it differs by.
        if (difference !== 0) slopes.push({ value: (ms[i]! - ms[j]!) / difference, weight: Math.abs(difference) });
      }
    }
    const perRow = Math.max(0, weightedMedian(slopes));
    return { perRow, perRun: Math.max(0, median(ms.map((value, index) => value - perRow * rows[index]!))) };
  }
}

/** 0 without values. */
function median(values: readonly number[]): number {
  return weightedMedian(values.map((value) => ({ value, weight: 1 })));
}

/** The least value that has, with the values below it, at least half of the weight; 0 without values. */
function weightedMedian(values: { readonly value: number; readonly weight: number }[]): number {
  const sorted = values.sort((a, b) => a.value - b.value);
  let rest = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  for (const { value, weight } of sorted) {
    rest -= weight;
    if (rest <= 0) return value;
  }
  return 0;
}
