/** How often, and for how long in all. */
export interface Duration {
  readonly count: number;
  /** Nanoseconds. */
  readonly ns: number;
}

export interface BatchStats {
  /** Rows of one run. */
  readonly size: number;
  readonly computeInput: Duration;
  readonly computeInfer: Duration;
  readonly computeOutput: Duration;
}

/** What a version has done since it was loaded, as Triton's statistics extension counts. */
export interface StatsSnapshot {
  /** Rows. */
  readonly inferenceCount: number;
  /** Runs. */
  readonly executionCount: number;
  /** When the last run ended, in milliseconds since 1970; 0 before the first. */
  readonly lastInference: number;
  readonly success: Duration;
  readonly fail: Duration;
  readonly queue: Duration;
  readonly computeInput: Duration;
  readonly computeInfer: Duration;
  readonly computeOutput: Duration;
  readonly cacheHit: Duration;
  readonly cacheMiss: Duration;
  readonly batches: readonly BatchStats[];
}

const NS_PER_MS = 1e6;
const NONE: Duration = { count: 0, ns: 0 };

class Sum {
  private count = 0;
  private ms = 0;

  add(ms: number, count = 1): void {
    this.count += count;
    this.ms += ms;
  }

  read(): Duration {
    return { count: this.count, ns: Math.round(this.ms * NS_PER_MS) };
  }
}

/** Counts what a version does. */
export class VersionStats {
  private inferenceCount = 0;
  private lastInference = 0;
  private executionCount = 0;
  private readonly sums = {
    success: new Sum(),
    fail: new Sum(),
    queue: new Sum(),
    computeInfer: new Sum(),
    cacheHit: new Sum(),
    cacheMiss: new Sum(),
  };
  private readonly batches = new Map<number, Sum>();

  queued(waitedMs: readonly number[]): void {
    for (const ms of waitedMs) this.sums.queue.add(ms);
  }

  ran(rows: number, runs: number, ms: number): void {
    this.inferenceCount += rows;
    this.executionCount += 1;
    this.lastInference = Date.now();
    this.sums.computeInfer.add(ms, runs);
    const batch = this.batches.get(rows) ?? new Sum();
    batch.add(ms);
    this.batches.set(rows, batch);
  }

  answered(isSuccess: boolean, ms: number): void {
    this.sums[isSuccess ? 'success' : 'fail'].add(ms);
  }

  lookedUp(isHit: boolean, ms: number): void {
    this.sums[isHit ? 'cacheHit' : 'cacheMiss'].add(ms);
  }

  snapshot(): StatsSnapshot {
    const { inferenceCount, executionCount, lastInference, sums } = this;
    return {
      inferenceCount,
      executionCount,
      lastInference,
      success: sums.success.read(),
      fail: sums.fail.read(),
      queue: sums.queue.read(),
      // What goes in and comes out is copied by the process that runs the model: it is part of the run.
      computeInput: NONE,
      computeInfer: sums.computeInfer.read(),
      computeOutput: NONE,
      cacheHit: sums.cacheHit.read(),
      cacheMiss: sums.cacheMiss.read(),
      batches: [...this.batches].map(([size, sum]) => {
        return { size, computeInput: NONE, computeInfer: sum.read(), computeOutput: NONE };
      }),
    };
  }
}
