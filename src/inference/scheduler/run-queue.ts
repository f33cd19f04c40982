import { DeadlineError, QueueFullError, RunFailedOnRowError, RuntimeLostError } from '../inference.errors.js';
import { RunFailedError } from '../runtime/runtime-process.js';
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
  /** Told what the runtime said of a failed run, which its caller is not. */
  readonly onRunFailed: (error: Error) => void;
}

interface QueuedRun {
  readonly feeds: readonly Tensor[];
  resolve(outputs: Tensor[]): void;
  reject(error: Error): void;
  /** Set once somebody has been told how it ended. */
  isSettled: boolean;
}

/**
 * One run at a time goes to the runtime; the others wait here, where they can be given up. A run that is past its deadline
 * ends the runtime, because nothing less stops ONNX Runtime; one that waits past it just leaves.
 */
export class RunQueue {
  private readonly waiting = new Set<QueuedRun>();
  private running: QueuedRun | undefined;

  constructor(
    private readonly runtime: Runnable,
    private readonly options: QueueOptions,
  ) {}

  /** Runs in the runtime, and runs that wait for it. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.running ? 1 : 0, waiting: this.waiting.size };
  }

  /**
   * @param signal tells that the caller has gone away
   * @throws QueueFullError, DeadlineError, RuntimeLostError, RunFailedOnRowError
   */
  submit(feeds: readonly Tensor[], signal?: AbortSignal): Promise<Tensor[]> {
    const { capacity, deadlineMs } = this.options;
    if (this.waiting.size >= capacity) return Promise.reject(new QueueFullError(capacity));
    return new Promise((resolve, reject) => {
      const run: QueuedRun = { feeds, resolve, reject, isSettled: false };
      const timer = setTimeout(() => this.expire(run), deadlineMs);
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

  private next(): void {
    if (this.running) return;
    const [run] = this.waiting;
    if (!run) return;
    this.waiting.delete(run);
    this.running = run;
    void this.execute(run);
  }

  private async execute(run: QueuedRun): Promise<void> {
    try {
      run.resolve(await this.runtime.run(run.feeds));
    } catch (error) {
      run.reject(this.translate(error as Error));
    }
    this.running = undefined;
    this.next();
  }

  private translate(error: Error): Error {
    if (!(error instanceof RunFailedError)) return new RuntimeLostError();
    this.options.onRunFailed(error);
    return new RunFailedOnRowError(error);
  }

  private expire(run: QueuedRun): void {
    this.waiting.delete(run);
    run.reject(new DeadlineError(this.options.deadlineMs));
    if (this.running === run) this.runtime.kill();
  }

  private abandon(run: QueuedRun): void {
    // What runs already runs to its end: the runtime is needed by the next caller anyway.
    if (this.waiting.delete(run)) run.reject(new DeadlineError(this.options.deadlineMs));
  }
}
