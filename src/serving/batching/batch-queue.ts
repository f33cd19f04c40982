import type { DomainError } from '../../platform/http/index.js';
import type { TimedCaller } from '../caller.js';
import { OutputTooLargeError, RunFailedError, RuntimeDiedError } from '../runtime/runtime-process.js';
import {
  ClientGoneError,
  DeadlineError,
  ModelRunFailedError,
  QueueDelayExceededError,
  ResponseTooLargeError,
  RuntimeLostError,
} from '../serving.errors.js';
import type { Tensor } from '../signature/tensor.js';
import { Admission, isSlow } from './admission.js';
import type { BatchPolicy } from './batch.js';
import { DeadlineTimer, distributeOutputs, QueuedRun, type Submission, WaitingRuns } from './queued-runs.js';

/** The part of a runtime that the queue uses. */
export interface Runnable {
  /** @param parts the tensors of each caller, run as one batch */
  run(parts: readonly (readonly Tensor[])[]): Promise<Tensor[]>;
  kill(): void;
}

export interface QueueOptions {
  /** Milliseconds from the submission of a run to its end; also the longest time of a run in the runtime. See `limitRuns`. */
  readonly deadlineMs: number;
  /** The most runs that may wait. */
  readonly capacity: number;
  /** Calls `work` after the requests that have arrived by now have been read; `setImmediate` unless given. */
  readonly defer?: (work: () => void) => void;
}

/** Observes the runs; must not throw. */
export interface QueueObserver {
  /** @param waitedMs the time of each run of the batch in the queue */
  runStarted?(rows: number, waitedMs: readonly number[]): void;
  runFinished?(rows: number, runs: number, ms: number): void;
  /** @param reason the last part of the error's code */
  rejected?(reason: string): void;
}

/** A run this close to its deadline is not started: its timer is about to fire. */
const TIMER_RESOLUTION_MS = 1;

/** Interactive demand is assumed for this long after the last interactive request. */
const INTERACTIVE_DEMAND_MS = 250;

/** The recent concurrency shrinks by this factor with each run: after about ten runs a burst is forgotten. */
const CONCURRENCY_DECAY = 0.9;

/**
 * Dynamic batching in front of one runtime.
 *
 * The queue is work-conserving: an idle runtime starts on whatever waits, and the next batch grows while it is busy. Clients
 * that send their next request on each response would all end up in one batch, and this process and the runtime would wait
 * for each other in turn. So an idle runtime starts as soon as half of the recent concurrency waits, and runs while the
 * requests of the other half are read.
 *
 * A run can be abandoned while it waits. A run that is in the runtime for longer than the deadline kills the runtime, because
 * ONNX Runtime cannot cancel a run. When the runtime dies, its runs fail; the waiting ones wait for the restart, up to their
 * deadlines.
 */
export class BatchQueue {
  private policy: BatchPolicy | undefined;
  private readonly waiting = new WaitingRuns();
  /** The number of callers at the same time, as a decaying maximum. */
  private recentConcurrency = 0;
  /** Halves of failed batches, run again until the failing row is alone. */
  private readonly retries: QueuedRun[][] = [];
  private readonly admission = new Admission();
  private running: { readonly batch: readonly QueuedRun[]; readonly rows: number; readonly since: number } | undefined;
  private lastSuccessAt = -Infinity;
  private lastInteractiveAt = -Infinity;
  private isPaused = false;
  private deadlineMs: number;
  private isDispatchDeferred = false;
  private batchTimer: NodeJS.Timeout | undefined;
  private readonly deadlineTimer = new DeadlineTimer(() => this.expire());

  constructor(
    private readonly runtime: Runnable,
    private readonly options: QueueOptions,
    private readonly observer: QueueObserver = {},
  ) {
    this.deadlineMs = options.deadlineMs;
  }

  /** Undefined until `enableBatching`: each run is a batch of its own. */
  get batching(): BatchPolicy | undefined {
    return this.policy;
  }

  enableBatching(policy: BatchPolicy): void {
    this.policy = policy;
  }

  /** Replaces `deadlineMs` for runs from now on. */
  limitRuns(deadlineMs: number): void {
    this.deadlineMs = deadlineMs;
  }

  /** The number of runs in the runtime and in the queue. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.running?.batch.length ?? 0, waiting: this.waiting.size };
  }

  /** The deadline of a run that is submitted now, in milliseconds as `performance.now()` counts. */
  get deadline(): number {
    return performance.now() + this.deadlineMs;
  }

  /** The number of rows, at most one batch, that are expected to occupy the runtime for at most `ms`. */
  rowsWithin(ms: number): number {
    return this.admission.rowsWithin(ms, this.policy);
  }

  /** The most rows of a slice of a long request, which is one run, where there is batching. */
  sliceRows(policy: BatchPolicy): number {
    return this.admission.sliceRows(policy, this.deadlineMs);
  }

  /** The most runs of one row each that a long request should have in the queue at the same time; at most `most`. */
  sliceRuns(most: number): number {
    return this.admission.sliceRuns(most, this.deadlineMs);
  }

  /** Whether interactive requests have come recently: background work yields to them. */
  get hasInteractiveDemand(): boolean {
    return performance.now() - this.lastInteractiveAt < INTERACTIVE_DEMAND_MS;
  }

  /**
   * Queues a run and resolves with its outputs.
   *
   * @param submission at most `maxBatchSize` rows where there is batching
   * @throws QueueFullError, OverloadedError, QueueDelayExceededError, DeadlineError, ClientGoneError, RuntimeLostError,
   *   ModelRunFailedError, ResponseTooLargeError
   */
  submit(submission: Submission, caller: TimedCaller): Promise<Tensor[]> {
    const now = performance.now();
    const { deadline } = caller;
    if (caller.priority !== 'background') this.lastInteractiveAt = now;
    const refusal = caller.signal?.aborted ? new ClientGoneError() : this.checkAdmission(submission, caller, now);
    if (refusal) return Promise.reject(this.countRejection(refusal));
    const run = new QueuedRun(submission, now, deadline, caller, this.abandon);
    this.waiting.add(run);
    this.deadlineTimer.set(deadline);
    this.scheduleDispatch();
    return run.outputs;
  }

  /** Continues after the runtime has been restarted. */
  resume(): void {
    this.isPaused = false;
    this.deferDispatch();
  }

  private checkAdmission(submission: Submission, caller: TimedCaller, now: number): DomainError | undefined {
    const { waiting, running, policy } = this;
    if (waiting.size === 0) return undefined;
    return this.admission.check(submission, caller, now, { waiting, running, policy, capacity: this.options.capacity });
  }

  private countRejection(error: DomainError): DomainError {
    this.observer.rejected?.(error.code.split('.').at(-1)!);
    return error;
  }

  /** Dispatches at once if half of the recent concurrency waits, else after the other requests have been read. */
  private scheduleDispatch(): void {
    const isHalf = this.recentConcurrency > 0 && this.waiting.size * 2 >= this.recentConcurrency;
    if (isHalf && !this.policy?.maxWaitMs) this.dispatch();
    else this.deferDispatch();
  }

  /** Dispatches after the requests that arrived together have been read, so that they share a batch. */
  private deferDispatch(): void {
    if (this.running || this.isPaused || this.isDispatchDeferred) return;
    this.isDispatchDeferred = true;
    const { defer = setImmediate } = this.options;
    defer(() => {
      this.isDispatchDeferred = false;
      this.dispatch();
    });
  }

  private dispatch(): void {
    if (this.running || this.isPaused) return;
    const batch = this.retries.shift() ?? this.nextBatch();
    const now = performance.now();
    const live =
      batch?.filter((run) => !run.isSettled && !this.expireIfDue(run, now) && !this.rejectIfTooLate(run, now)) ?? [];
    if (live.length > 0) void this.execute(live);
    else if (batch) this.dispatch();
  }

  /** Undefined if no run waits, or if the batch may still grow. */
  private nextBatch(): QueuedRun[] | undefined {
    clearTimeout(this.batchTimer);
    const { policy } = this;
    const first = this.waiting.first();
    if (!first) return undefined;
    if (!policy) return this.waiting.takeBatch(first, 0);
    const maxRows = this.admission.batchRows(policy, this.deadlineMs);
    const waitMs = first.submittedAt + policy.maxWaitMs - performance.now();
    if (waitMs > 0 && this.waiting.rowsIn(first.submission.group) < maxRows) {
      this.batchTimer = setTimeout(() => this.dispatch(), Math.ceil(waitMs));
      return undefined;
    }
    return this.waiting.takeBatch(first, maxRows);
  }

  private expireIfDue(run: QueuedRun, now: number): boolean {
    if (now < run.deadline - TIMER_RESOLUTION_MS) return false;
    const waitedMs = (run.isWaiting ? now : (this.running?.since ?? now)) - run.submittedAt;
    const isQueueDelay = this.wasOvertaken(run) && isSlow(waitedMs, run.deadline - run.submittedAt);
    this.abandon(run, isQueueDelay ? new QueueDelayExceededError(now - run.submittedAt) : new DeadlineError());
    return true;
  }

  /** Rejects a run that would end after its deadline: it would only delay others. */
  private rejectIfTooLate(run: QueuedRun, now: number): boolean {
    if (!this.wasOvertaken(run)) return false;
    if (!this.admission.isTooLate(run, now)) return false;
    this.abandon(run, new QueueDelayExceededError(now - run.submittedAt));
    return true;
  }

  /** Whether another run has succeeded since this one was submitted: the runtime is busy and not stuck. */
  private wasOvertaken(run: QueuedRun): boolean {
    return this.lastSuccessAt > run.submittedAt;
  }

  /** Rejects the runs past their deadline, and sets the timer for the others. */
  private expire(): void {
    const runs = [...this.waiting.all(), ...this.retries.flat(), ...(this.running?.batch ?? [])];
    const now = performance.now();
    for (const run of runs) if (!run.isSettled && !this.expireIfDue(run, now)) this.deadlineTimer.set(run.deadline);
  }

  private async execute(batch: readonly QueuedRun[]): Promise<void> {
    const since = performance.now();
    const rows = batch.reduce((sum, run) => sum + run.submission.rows, 0);
    this.running = { batch, rows, since };
    const concurrency = batch.length + this.waiting.size;
    this.recentConcurrency = Math.max(concurrency, this.recentConcurrency * CONCURRENCY_DECAY);
    this.admission.runStarted(batch[0]!, since);
    this.observer.runStarted?.(
      rows,
      batch.map((run) => since - run.submittedAt),
    );
    const killTimer = setTimeout(() => this.runtime.kill(), this.deadlineMs);
    try {
      const outputs = await this.runtime.run(batch.map((run) => run.submission.feeds));
      distributeOutputs(outputs, batch, rows);
      this.lastSuccessAt = performance.now();
      const ms = this.lastSuccessAt - since;
      this.admission.runFinished(rows, ms);
      this.observer.runFinished?.(rows, batch.length, ms);
    } catch (error) {
      this.isPaused = error instanceof RuntimeDiedError;
      this.fail(batch, error as Error);
    }
    clearTimeout(killTimer);
    this.running = undefined;
    this.scheduleDispatch();
  }

  /** Splits a failed batch in halves and runs them again, so that a bad row fails alone. */
  private fail(batch: readonly QueuedRun[], error: Error): void {
    if (error instanceof RunFailedError && batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      this.retries.push(batch.slice(0, middle), batch.slice(middle));
      return;
    }
    for (const run of batch) if (!run.isSettled) run.reject(this.countRejection(toDomainError(error, run)));
  }

  /** Rejects a run and removes it from the queue. In the runtime it continues, because a run cannot be cancelled. */
  private readonly abandon = (run: QueuedRun, error: DomainError): void => {
    this.waiting.delete(run);
    run.reject(this.countRejection(error));
  };
}

/** The error for the caller. The runtime's own message is its cause, for the log. */
function toDomainError(error: Error, { submission }: QueuedRun): DomainError {
  if (error instanceof OutputTooLargeError) return new ResponseTooLargeError(error);
  return error instanceof RunFailedError ? new ModelRunFailedError(error, submission) : new RuntimeLostError(error);
}
