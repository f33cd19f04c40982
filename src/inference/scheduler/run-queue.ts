import {
  ClientGoneError,
  DeadlineError,
  QueueFullError,
  RunFailedOnRowError,
  RuntimeLostError,
} from '../inference.errors.js';
import { RunFailedError, RuntimeDiedError } from '../runtime/runtime-process.js';
import type { Tensor } from '../runtime/tensor.js';

/** What the queue needs of a runtime. */
export interface Runnable {
  run(feeds: readonly Tensor[]): Promise<Tensor[]>;
  kill(): void;
}

export interface QueueOptions {
  /** How long a run may wait and take, in milliseconds. */
  readonly deadlineMs: number;
  /** How many runs may wait. */
  readonly capacity: number;
}

/** Who waits for a run. */
export interface Caller {
  readonly signal?: AbortSignal;
  readonly deadline?: number;
}

const TIMER_RESOLUTION_MS = 1;

interface QueuedRun {
  readonly feeds: readonly Tensor[];
  /** When it has to be answered, as `performance.now()` counts. */
  readonly deadline: number;
  resolve(outputs: Tensor[]): void;
  reject(error: Error): void;
  /** Set once somebody has been told how it ended. */
  isSettled: boolean;
}

/**
 * One run at a time goes to the runtime; the others wait here, where they can be given up. A run that has been in the
 * runtime for longer than the deadline ends the runtime, because nothing less stops ONNX Runtime; one that only waited for
 * long just leaves. When the runtime dies those that wait go on waiting, until it is back or their time is up.
 */
export class RunQueue {
  private readonly waiting = new Set<QueuedRun>();
  private running: QueuedRun | undefined;
  private isPaused = false;

  constructor(
    private readonly runtime: Runnable,
    private readonly options: QueueOptions,
  ) {}

  /** Runs in the runtime, and runs that wait for it. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.running ? 1 : 0, waiting: this.waiting.size };
  }

  /** When a prediction that begins now has to be answered, as `performance.now()` counts. */
  deadlineFromNow(): number {
    return performance.now() + this.options.deadlineMs;
  }

  /**
   * @param caller.deadline when it has to be answered, as `performance.now()` counts; `deadlineMs` from now by default
   * @param caller.signal tells that the caller has gone away
   * @throws QueueFullError, DeadlineError, RuntimeLostError, RunFailedOnRowError
   */
  submit(feeds: readonly Tensor[], { signal, deadline = this.deadlineFromNow() }: Caller = {}): Promise<Tensor[]> {
    const { capacity } = this.options;
    if (signal?.aborted) return Promise.reject(new ClientGoneError());
    if (this.waiting.size >= capacity) return Promise.reject(new QueueFullError(capacity));
    return new Promise((resolve, reject) => {
      const run: QueuedRun = { feeds, deadline, resolve, reject, isSettled: false };
      const timer = setTimeout(() => this.expire(run), deadline - performance.now());
      const abandon = (): void => this.abandon(run);
      signal?.addEventListener('abort', abandon, { once: true });
      const settle = (finish: () => void): void => {
        if (run.isSettled) return;
        run.isSettled = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', abandon);
        finish();
      };
      run.resolve = (outputs) => settle(() => resolve(outputs));
      run.reject = (error) => settle(() => reject(error));
      this.waiting.add(run);
      this.next();
    });
  }

  /** To be called when a runtime that died is back. */
  resume(): void {
    this.isPaused = false;
    this.next();
  }

  private next(): void {
    if (this.running || this.isPaused) return;
    for (const run of this.waiting) {
      this.waiting.delete(run);
      if (this.isDue(run)) {
        run.reject(new DeadlineError(this.options.deadlineMs));
        continue;
      }
      this.running = run;
      void this.execute(run);
      return;
    }
  }

  /** Its timer is about to fire: nobody would have its answer. */
  private isDue({ deadline }: QueuedRun): boolean {
    return performance.now() >= deadline - TIMER_RESOLUTION_MS;
  }

  private async execute(run: QueuedRun): Promise<void> {
    const tooLong = setTimeout(() => this.runtime.kill(), this.options.deadlineMs);
    try {
      run.resolve(await this.runtime.run(run.feeds));
    } catch (error) {
      run.reject(this.translate(error as Error));
      this.isPaused = error instanceof RuntimeDiedError;
    }
    clearTimeout(tooLong);
    this.running = undefined;
    this.next();
  }

  private translate(error: Error): Error {
    return error instanceof RunFailedError ? new RunFailedOnRowError(error) : new RuntimeLostError(error);
  }

  private expire(run: QueuedRun): void {
    this.waiting.delete(run);
    run.reject(new DeadlineError(this.options.deadlineMs));
  }

  private abandon(run: QueuedRun): void {
    // What runs already runs to its end: the runtime is needed by the next caller anyway.
    this.waiting.delete(run);
    run.reject(new ClientGoneError());
  }
}
