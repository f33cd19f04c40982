import type { Counter } from 'prom-client';
import type { Series } from '../../platform/metrics/index.js';
import { VersionStats } from './version-stats.js';

/** How many predictions a version has under way, and how many of them wait for its runtime. */
export interface Load {
  readonly inFlight: number;
  readonly waiting: number;
}

/** One version's share of the figures. */
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
 * Keeps count of what a version does while it is open: in the metrics, and in the statistics that `/v2` shows. What it does
 * before, to prove itself, nobody asked for.
 */
export class VersionRecorder {
  readonly stats = new VersionStats();
  private load: (() => Load) | undefined;

  /** @param metrics left out where nobody reads them */
  constructor(private readonly metrics?: VersionMetrics) {}

  /** A run of `rows` rows began, for callers who had waited so long. */
  runStarted(rows: number, waitedMs: readonly number[]): void {
    if (!this.load) return;
    this.metrics?.batchSize.observe(rows);
    for (const ms of waitedMs) this.metrics?.queueTime.observe(ms / 1000);
    this.stats.queued(waitedMs);
  }

  runFinished(rows: number, callers: number, ms: number): void {
    if (!this.load) return;
    this.metrics?.runTime.observe(ms / 1000);
    this.stats.ran(rows, callers, ms);
  }

  rejected(reason: string): void {
    if (!this.load) return;
    this.metrics?.rejection(reason).inc();
  }

  requestFinished(isSuccess: boolean, ms: number): void {
    this.metrics?.requestTime.observe(ms / 1000);
    this.stats.answered(isSuccess, ms);
  }

  /** @param result `hit`, `shared` with one that was under way, or `miss` */
  cacheLookup(result: 'hit' | 'shared' | 'miss', ms: number): void {
    this.metrics?.lookup(result).inc();
    this.stats.lookedUp(result !== 'miss', ms);
  }

  restarted(): void {
    if (!this.load) return;
    this.metrics?.restarts.inc();
  }

  /** @param load asked whenever figures are, until `close` */
  open(load: () => Load): void {
    this.load = load;
    this.metrics?.watch(load);
  }

  /** The version is gone: nothing is under way any more. */
  close(): void {
    if (this.load) this.metrics?.forget(this.load);
    this.load = undefined;
  }
}
