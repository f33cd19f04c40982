import type { DomainError } from '../../platform/http/index.js';
import type { Caller, TimedCaller } from '../caller.js';
import {
  ClientGoneError,
  DeadlineError,
  OverloadedError,
  QueueFullError,
  QueueDelayExceededError,
} from '../serving.errors.js';
import { RunFailedError, RuntimeDiedError } from '../runtime/runtime-process.js';
import type { Tensor } from '../signature/tensor.js';
import { DeadlineTimer } from './deadline-timer.js';
import { deliver } from './deliver.js';
import { QueuedRun, type Submission } from './queued-run.js';
import { RunCost } from './run-cost.js';
import { inWords } from './run-errors.js';
import { WaitingRuns } from './waiting-runs.js';

/** What the queue needs of a runtime. */
export interface Runnable {
  /** @param parts what each caller sends, to be run as one */
  run(parts: readonly (readonly Tensor[])[]): Promise<Tensor[]>;
  kill(): void;
}

export interface QueueOptions {
  /** How long a run may wait and take, in milliseconds. */
  readonly deadlineMs: number;
  /** How many runs may wait. */
  readonly capacity: number;
  /** Does something once what has arrived by now has been read; `setImmediate` unless given. */
  readonly soon?: (work: () => void) => void;
}

/** How rows of several callers go into one run. */
export interface BatchPolicy {
  readonly maxBatchSize: number;
  /** How long the first of a batch that is not full may wait for others while the runtime is idle. */
  readonly maxWaitMs: number;
}

/** Told how runs went; must not throw. */
export interface QueueObserver {
  /** A run of `rows` rows for `runs` callers began, who had waited so long. */
  runStarted?(rows: number, waitedMs: readonly number[]): void;
  runFinished?(rows: number, runs: number, ms: number): void;
  /** A caller got no answer; the reason is the last part of the error's code. */
  rejected?(reason: string): void;
}

/** How near its deadline a run is no longer worth beginning: its timer is about to fire. */
const TIMER_RESOLUTION_MS = 1;

/** Of the time that a run has: what is predicted to take more is refused, because predictions are no better than that. */
const ADMITTED_SHARE = 0.8;

/** Of what a run is likely to take: who has waited in line is given a run only with so much time left for it. */
const SPARE_TIME = 2;

/** Rows that are told at once to be within a time, where each is a run of its own. */
const ALONE_AT_ONCE = 16;

/** Who has asked may ask again: so long after it somebody is taken to wait for answers. */
const DEMAND_MS = 250;

/** With each run; a crowd that has left is forgotten after some ten of them. */
const CROWD_DECAY = 0.9;

/**
 * Dynamic batching in front of one runtime. It is work-conserving: an idle runtime is given what waits at once, and while
 * it is busy the next batch grows. Callers who ask again and again would all fall into one batch, and this process and the
 * runtime would wait for each other in turn: so an idle runtime is given half of them, and works while the other half is
 * read. A run can be given up while it waits. A run that has been in the runtime for longer than
 * the deadline ends the runtime, because nothing less stops ONNX Runtime. When the runtime dies, those in it are told so;
 * those that wait go on waiting until it is back or their time is up.
 */
export class BatchQueue {
  private rule: BatchPolicy | undefined;
  private readonly waiting = new WaitingRuns();
  /** How many callers there have been at a time lately. */
  private crowd = 0;
  /** Halves of batches that failed: one bad row must fail alone. */
  private readonly retries: QueuedRun[][] = [];
  private readonly cost = new RunCost();
  private running: { readonly batch: readonly QueuedRun[]; readonly rows: number; readonly since: number } | undefined;
  /** When a run ended well last. */
  private servedAt = -Infinity;
  /** When somebody came last who waits for the answer. */
  private askedAt = -Infinity;
  private isPaused = false;
  private isDispatching = false;
  private gathering: NodeJS.Timeout | undefined;
  private readonly deadlineTimer = new DeadlineTimer(() => this.expire());

  constructor(
    private readonly runtime: Runnable,
    private readonly options: QueueOptions,
    private readonly observer: QueueObserver = {},
  ) {}

  /** How rows of several callers run together; undefined until `enableBatching`. */
  get batching(): BatchPolicy | undefined {
    return this.rule;
  }

  /** To be called once it is known that rows may run together. */
  enableBatching(rule: BatchPolicy): void {
    this.rule = rule;
  }

  /** Callers whose runs are in the runtime, and callers that wait for it. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.running?.batch.length ?? 0, waiting: this.waiting.size };
  }

  /** When a prediction that begins now has to be answered, as `performance.now()` counts. */
  deadlineIn(ms = Infinity): number {
    return performance.now() + Math.min(ms, this.options.deadlineMs);
  }

  /** How many rows, at most as many as may run together, are likely to keep the runtime busy for no longer than this. */
  rowsWithin(ms: number): number {
    const { batching } = this;
    // What a run takes beside its rows is not less for fewer of them.
    const each = batching ? this.cost.perRow : this.cost.estimate(1, 1);
    const most = batching?.maxBatchSize ?? ALONE_AT_ONCE;
    return each > 0 ? Math.max(1, Math.min(most, Math.floor(ms / each))) : most;
  }

  /** Whether somebody who waits for answers has asked lately: background work makes room. */
  get hasInteractiveDemand(): boolean {
    return performance.now() - this.askedAt < DEMAND_MS;
  }

  /**
   * @param submission at most `maxBatchSize` rows where there is batching
   * @throws QueueFullError, OverloadedError, DeadlineError, ClientGoneError, RuntimeLostError, ModelRunFailedError
   */
  submit(submission: Submission, caller: TimedCaller): Promise<Tensor[]> {
    const now = performance.now();
    const { deadline } = caller;
    if (caller.priority !== 'background') this.askedAt = now;
    const refusal = caller.signal?.aborted
      ? new ClientGoneError()
      : this.findObstacle(submission, caller, deadline, now);
    if (refusal) return Promise.reject(this.refusal(refusal));
    const run = new QueuedRun(submission, now, deadline, caller, this.giveUp);
    this.waiting.add(run);
    this.deadlineTimer.set(deadline);
    this.go();
    return run.outputs;
  }

  /** To be called when a runtime that died is back. */
  resume(): void {
    this.isPaused = false;
    this.nextSoon();
  }

  /** What keeps a run from being taken: it would only wait until its deadline, or there is no room. */
  private findObstacle(
    { rows }: Submission,
    { priority }: Caller,
    deadline: number,
    now: number,
  ): DomainError | undefined {
    const { capacity } = this.options;
    const ahead = this.waiting.ahead(priority ?? 'interactive');
    if (this.waiting.size >= capacity) return new QueueFullError(capacity);
    if (ahead.runs === 0) return undefined;
    const allowedMs = deadline - now;
    const predictedMs = this.remainingMs(now) + this.estimate(ahead.runs + 1, ahead.rows + rows);
    return predictedMs > allowedMs * ADMITTED_SHARE
      ? new OverloadedError(ahead.runs, predictedMs, allowedMs)
      : undefined;
  }

  private estimate(callers: number, rows: number): number {
    const { batching } = this;
    return this.cost.estimate(batching ? Math.ceil(rows / batching.maxBatchSize) : callers, rows);
  }

  /** What the run under way is likely to take from now on. */
  private remainingMs(now: number): number {
    if (!this.running) return 0;
    return Math.max(0, this.cost.estimate(1, this.running.rows) - (now - this.running.since));
  }

  private refusal(error: DomainError): DomainError {
    this.observer.rejected?.(error.code.split('.').at(-1)!);
    return error;
  }

  /** At once where half of the crowd waits, else as soon as the others have been read. */
  private go(): void {
    const isHalf = this.crowd > 0 && this.waiting.size * 2 >= this.crowd;
    if (isHalf && !this.batching?.maxWaitMs) this.next();
    else this.nextSoon();
  }

  /** Once everything that has arrived at the same time has been read: it goes into the same run. */
  private nextSoon(): void {
    if (this.running || this.isPaused || this.isDispatching) return;
    this.isDispatching = true;
    const { soon = setImmediate } = this.options;
    soon(() => {
      this.isDispatching = false;
      this.next();
    });
  }

  private next(): void {
    if (this.running || this.isPaused) return;
    const batch = this.retries.shift() ?? this.gather();
    const now = performance.now();
    const live = batch?.filter((run) => !run.isSettled && !this.isDue(run, now) && !this.isTooLate(run, now)) ?? [];
    if (live.length > 0) void this.execute(live);
    else if (batch) this.next();
  }

  /** The next batch; undefined while there is none, or while it may still grow. */
  private gather(): QueuedRun[] | undefined {
    clearTimeout(this.gathering);
    const { batching } = this;
    const oldest = this.waiting.oldest();
    if (!oldest) return undefined;
    if (!batching) return this.waiting.take(oldest, 0);
    const waitMs = oldest.submittedAt + batching.maxWaitMs - performance.now();
    if (waitMs > 0 && this.waiting.rowsIn(oldest.submission.group) < batching.maxBatchSize) {
      this.gathering = setTimeout(() => this.next(), Math.ceil(waitMs));
      return undefined;
    }
    return this.waiting.take(oldest, batching.maxBatchSize);
  }

  private isDue(run: QueuedRun, now: number): boolean {
    if (now < run.deadline - TIMER_RESOLUTION_MS) return false;
    const isOvertaken = run.isWaiting && this.hasWaitedInLine(run);
    this.giveUp(run, isOvertaken ? new QueueDelayExceededError(now - run.submittedAt) : new DeadlineError());
    return true;
  }

  /** Whether a run that had others before it would be past its deadline before it ended: it would keep others waiting in vain. */
  private isTooLate(run: QueuedRun, now: number): boolean {
    if (!this.hasWaitedInLine(run)) return false;
    if (now + this.cost.estimate(1, run.submission.rows) * SPARE_TIME < run.deadline) return false;
    this.giveUp(run, new QueueDelayExceededError(now - run.submittedAt));
    return true;
  }

  /** Whether others have been served since it came: the runtime is not stuck, only in demand. */
  private hasWaitedInLine(run: QueuedRun): boolean {
    return this.servedAt > run.submittedAt;
  }

  /** Lets go of those whose time is up, and looks again when that of the next one is. */
  private expire(): void {
    const runs = [...this.waiting.all(), ...this.retries.flat(), ...(this.running?.batch ?? [])];
    const now = performance.now();
    for (const run of runs) if (!run.isSettled && !this.isDue(run, now)) this.deadlineTimer.set(run.deadline);
  }

  private async execute(batch: readonly QueuedRun[]): Promise<void> {
    const since = performance.now();
    const rows = batch.reduce((sum, run) => sum + run.submission.rows, 0);
    this.running = { batch, rows, since };
    this.crowd = Math.max(batch.length + this.waiting.size, this.crowd * CROWD_DECAY);
    this.observer.runStarted?.(
      rows,
      batch.map((run) => since - run.submittedAt),
    );
    const tooLong = setTimeout(() => this.runtime.kill(), this.options.deadlineMs);
    try {
      const outputs = await this.runtime.run(batch.map((run) => run.submission.feeds));
      deliver(outputs, batch, rows);
      this.servedAt = performance.now();
      const ms = this.servedAt - since;
      this.cost.observe(rows, ms);
      this.observer.runFinished?.(rows, batch.length, ms);
    } catch (error) {
      this.isPaused = error instanceof RuntimeDiedError;
      this.fail(batch, error as Error);
    }
    clearTimeout(tooLong);
    this.running = undefined;
    this.go();
  }

  private fail(batch: readonly QueuedRun[], error: Error): void {
    if (error instanceof RunFailedError && batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      this.retries.push(batch.slice(0, middle), batch.slice(middle));
      return;
    }
    for (const run of batch) if (!run.isSettled) run.reject(this.refusal(inWords(error)));
  }

  private readonly giveUp = (run: QueuedRun, why: DomainError): void => {
    // What runs already runs to its end: the runtime is needed by the next caller anyway.
    this.waiting.delete(run);
    run.reject(this.refusal(why));
  };
}
