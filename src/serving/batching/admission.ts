import type { DomainError } from '../../platform/http/index.js';
import type { Priority, TimedCaller } from '../caller.js';
import { OverloadedError, QueueFullError } from '../serving.errors.js';
import type { BatchPolicy } from './batch.js';
import type { QueuedRun, Submission, WaitingRuns } from './queued-runs.js';
import { RunCost } from './run-cost.js';

/** Admit a run only if its estimate fits in this share of the time left: estimates are no more exact than that. */
const ADMISSION_SHARE = 0.8;

/** A queue is slow for a run if waiting takes this share of the time that the run has. */
const SLOW_SHARE = 0.5;

/** A run that has been overtaken starts only if this many times its estimate fits in the time left. */
const START_MARGIN = 2;

/** The most of a run's time limit that a batch of several callers is expected to take. */
const BATCH_SHARE = 0.25;

/** The time that a slice of a long request is expected to take: other callers get in between slices. */
const SLICE_MS = 100;
const SLICE_SHARE = 0.1;

/** Whether the queue was slow for a run that waited this long of the time that it has. */
export function isSlow(waitedMs: number, allowedMs: number): boolean {
  return waitedMs >= allowedMs * SLOW_SHARE;
}

/** The queue at the moment of an admission. */
export interface QueueState {
  readonly waiting: WaitingRuns;
  readonly running: { readonly rows: number; readonly since: number } | undefined;
  readonly policy: BatchPolicy | undefined;
  /** The most runs that may wait. */
  readonly capacity: number;
}

/**
 * Refuses the runs that would only delay others. It takes evidence: estimates from enough recent runs, and a queue that has in
 * fact been slow. Without it a run is admitted, and has its own deadline.
 */
export class Admission {
  private readonly cost = new RunCost();
  /** How long the run that started last has waited. */
  private readonly lastWaits: Record<Priority, { ms: number; at: number }> = {
    interactive: { ms: 0, at: -Infinity },
    background: { ms: 0, at: -Infinity },
  };

  runStarted({ priority, submittedAt }: QueuedRun, now: number): void {
    const last = this.lastWaits[priority];
    last.ms = now - submittedAt;
    last.at = now;
  }

  runFinished(rows: number, ms: number): void {
    this.cost.observe(rows, ms);
  }

  /** The refusal of a run for which there is no room, or whose estimated end is too close to its deadline. */
  check({ rows }: Submission, caller: TimedCaller, now: number, state: QueueState): DomainError | undefined {
    const { waiting, running, policy, capacity } = state;
    const { priority = 'interactive', deadline } = caller;
    if (waiting.size >= capacity) return new QueueFullError(capacity);
    const ahead = waiting.aheadOf(priority);
    const allowedMs = deadline - now;
    if (ahead.runs === 0 || !this.cost.hasEvidence || !this.hasBeenSlow(waiting, priority, allowedMs, now))
      return undefined;
    const remainingMs = running ? Math.max(0, this.cost.estimate(1, running.rows) - (now - running.since)) : 0;
    const predictedMs = remainingMs + this.cost.estimateQueued(ahead.runs + 1, ahead.rows + rows, policy);
    return predictedMs > allowedMs * ADMISSION_SHARE
      ? new OverloadedError(ahead.runs, predictedMs, allowedMs)
      : undefined;
  }

  /** Whether a run that has been overtaken is expected to end after its deadline, if it starts now. */
  isTooLate({ deadline, submission }: QueuedRun, now: number): boolean {
    const { cost } = this;
    const leftMs = (deadline - now) / START_MARGIN;
    // Most runs are far from their deadline, and need no estimate.
    return leftMs <= cost.slowest && cost.hasEvidence && leftMs <= cost.estimate(1, submission.rows);
  }

  /** The number of rows, at most one batch, that are expected to occupy the runtime for at most `ms`. */
  rowsWithin(ms: number, policy: BatchPolicy | undefined): number {
    return this.cost.rowsWithin(ms, policy);
  }

  /** The rows of one batch: fewer than its maximum where a full one is likely to exceed the time limit of a run. */
  batchRows(policy: BatchPolicy, limitMs: number): number {
    return this.rowsOfAtMost(limitMs * BATCH_SHARE, policy);
  }

  /** The rows of a slice of a long request, which is one run. */
  sliceRows(policy: BatchPolicy, limitMs: number): number {
    return this.rowsOfAtMost(sliceMs(limitMs), policy);
  }

  /** The runs of one row each that a long request may have in the queue at the same time, at most `most`. */
  sliceRuns(most: number, limitMs: number): number {
    const { slowest } = this.cost;
    const ms = sliceMs(limitMs);
    if (slowest * most <= ms) return slowest > 0 ? most : 1;
    return Math.max(1, Math.min(most, Math.floor(ms / this.cost.estimate(1, 1))));
  }

  private rowsOfAtMost(ms: number, policy: BatchPolicy): number {
    // No run has been so slow that a full batch could be, even if all of it had been the cost of a single row.
    if (this.cost.slowest * policy.maxBatchSize <= ms) return policy.maxBatchSize;
    return this.cost.rowsWithin(ms, policy);
  }

  private hasBeenSlow(waiting: WaitingRuns, priority: Priority, allowedMs: number, now: number): boolean {
    const last = this.lastWaits[priority];
    const recentMs = now - last.at <= allowedMs ? last.ms : 0;
    const oldest = waiting.first(priority);
    return isSlow(Math.max(recentMs, oldest ? now - oldest.submittedAt : 0), allowedMs);
  }
}

function sliceMs(limitMs: number): number {
  return Math.min(SLICE_MS, limitMs * SLICE_SHARE);
}
