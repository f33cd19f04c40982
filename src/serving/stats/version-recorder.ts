import type { Counter } from 'prom-client';
import type { Series } from '../../platform/metrics/index.js';

/** The predictions of a version at this moment. */
export interface Load {
  readonly inFlight: number;
  /** Those of them that wait for the runtime. */
  readonly waiting: number;
}

/** A run that failed, for administrators. */
export interface RunFailure {
  readonly at: Date;
  /** Of the error that the caller got. */
  readonly code: string;
  readonly message: string;
}

const MAX_FAILURES = 10;
const MAX_MESSAGE_LENGTH = 1_000;

/** The series of one version in `ServingMetrics`. */
interface VersionMetrics {
  readonly queueTime: Series;
  readonly runTime: Series;
  readonly requestTime: Series;
  readonly batchSize: Series;
  readonly restarts: Counter.Internal;
  rejection(reason: string): Counter.Internal;
  lookup(result: string): Counter.Internal;
  watch(load: () => Load): void;
  forget(load: () => Load): void;
}

/**
 * Records the predictions of one version in the metrics, and in the statistics of `/v2`. The runs of its self-test, before
 * `open`, are not recorded.
 */
export class VersionRecorder {
  readonly stats = new VersionStats();
  /** The last runs that failed, the newest first. */
  readonly failures: RunFailure[] = [];
  private load: (() => Load) | undefined;

  /** @param metrics absent outside of the application */
  constructor(private readonly metrics?: VersionMetrics) {}

  /** @param waitedMs the time of each caller in the queue */
  runStarted(rows: number, waitedMs: readonly number[]): void {
    if (!this.load) return;
    this.metrics?.batchSize.observe(rows);
    for (const ms of waitedMs) this.metrics?.queueTime.observe(ms / 1000);
    this.stats.recordQueueTimes(waitedMs);
  }

  runFinished(rows: number, callers: number, ms: number): void {
    if (!this.load) return;
    this.metrics?.runTime.observe(ms / 1000);
    this.stats.recordRun(rows, callers, ms);
  }

  rejected(reason: string): void {
    if (!this.load) return;
    this.metrics?.rejection(reason).inc();
  }

  /** @param message of ONNX Runtime, or how the process ended */
  runFailed(code: string, message: string): void {
    this.failures.unshift({ at: new Date(), code, message: message.slice(0, MAX_MESSAGE_LENGTH) });
    this.failures.length = Math.min(this.failures.length, MAX_FAILURES);
  }

  requestFinished(isSuccess: boolean, ms: number): void {
    this.metrics?.requestTime.observe(ms / 1000);
    this.stats.recordRequest(isSuccess, ms);
  }

  /** @param result `shared` where the same input was running already */
  cacheLookup(result: 'hit' | 'shared' | 'miss', ms: number): void {
    this.metrics?.lookup(result).inc();
    this.stats.recordLookup(result !== 'miss', ms);
  }

  restarted(): void {
    if (!this.load) return;
    this.metrics?.restarts.inc();
  }

  /** @param load read whenever the metrics are collected, until `close` */
  open(load: () => Load): void {
    this.load = load;
    this.metrics?.watch(load);
  }

  /** Ends the recording when the version is stopped. */
  close(): void {
    if (this.load) this.metrics?.forget(this.load);
    this.load = undefined;
  }
}

/** A number of events and their total time. */
export interface Duration {
  readonly count: number;
  /** Nanoseconds. */
  readonly ns: number;
}

export interface BatchStats {
  /** Rows of each run. */
  readonly size: number;
  readonly computeInput: Duration;
  readonly computeInfer: Duration;
  readonly computeOutput: Duration;
}

/**
 * Statistics of a version since it was loaded, as in Triton's statistics extension.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
 */
export interface StatsSnapshot {
  /** Rows. */
  readonly inferenceCount: number;
  /** Runs. */
  readonly executionCount: number;
  /** The end of the last run, in milliseconds since 1970; 0 before the first. */
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

/** The counters behind `StatsSnapshot`. */
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

  recordQueueTimes(waitedMs: readonly number[]): void {
    for (const ms of waitedMs) this.sums.queue.add(ms);
  }

  recordRun(rows: number, runs: number, ms: number): void {
    this.inferenceCount += rows;
    this.executionCount += 1;
    this.lastInference = Date.now();
    this.sums.computeInfer.add(ms, runs);
    const batch = this.batches.get(rows) ?? new Sum();
    batch.add(ms);
    this.batches.set(rows, batch);
  }

  recordRequest(isSuccess: boolean, ms: number): void {
    this.sums[isSuccess ? 'success' : 'fail'].add(ms);
  }

  recordLookup(isHit: boolean, ms: number): void {
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
      // The runtime's process copies inputs and outputs as a part of the run.
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
