import type { Tensor } from '../signature/tensor.js';
import type { RuntimeProcess } from './runtime-process.js';

/** An unused process ends after this time. */
const IDLE_MS = 5_000;
/** The least time between two starts for one version. */
const START_INTERVAL_MS = 10_000;
/** Processes of all versions. */
const MAX_PROCESSES = 2;
/** Callers that may wait for the process of one version. */
const MAX_WAITING = 16;

/** Runs the model once in the second process. */
export type TrialRun = (feeds: readonly Tensor[]) => Promise<Tensor[]>;

interface TrialOptions {
  /** Starts a process with the same files. */
  readonly start: (signal: AbortSignal) => Promise<RuntimeProcess>;
  /** The longest time of its use by one caller. */
  readonly maxUseMs: number;
}

let processes = 0;

/**
 * A second process of a version, for runs whose failure has to be explained. It is started on demand and kept for a short time;
 * starts are few, however many runs fail.
 */
export class TrialRuntime {
  private process: Promise<RuntimeProcess> | undefined;
  private lastStartAt = -Infinity;
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private idleTimer: NodeJS.Timeout | undefined;
  private readonly stopping = new AbortController();

  constructor(private readonly options: TrialOptions) {}

  /**
   * Calls `work` with the process, for one caller after another.
   *
   * @param deadline as `performance.now()` counts; the process goes on starting for later callers
   * @returns undefined where there is no process to be had in time; rejects like `work`
   */
  async use<T>(deadline: number, work: (run: TrialRun) => Promise<T>): Promise<T | undefined> {
    if (this.waiting >= MAX_WAITING || !this.prepare()) return undefined;
    this.waiting += 1;
    const result = this.last.then(() => this.runWhenReady(deadline, work));
    this.last = result.catch(() => undefined).then(() => (this.waiting -= 1));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), deadline - performance.now());
    });
    return Promise.race([result, late]).finally(() => clearTimeout(timer));
  }

  /** Ends the process for good. */
  stop(): void {
    this.stopping.abort();
    clearTimeout(this.idleTimer);
    void this.process?.then((process) => process.kill()).catch(() => undefined);
  }

  /** Starts the process where it is not there and may be started. @returns whether it is there or starting */
  private prepare(): boolean {
    if (this.process) return true;
    const now = performance.now();
    const isTooEarly = now - this.lastStartAt < START_INTERVAL_MS;
    if (this.stopping.signal.aborted || isTooEarly || processes >= MAX_PROCESSES) return false;
    this.lastStartAt = now;
    processes += 1;
    const started = this.options.start(this.stopping.signal);
    this.process = started;
    const ended = (): void => {
      processes -= 1;
      this.process = undefined;
    };
    started.then((process) => process.exited).then(ended, ended);
    return true;
  }

  private async runWhenReady<T>(deadline: number, work: (run: TrialRun) => Promise<T>): Promise<T | undefined> {
    const process = await this.process?.catch(() => undefined);
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => void process?.stop(), IDLE_MS).unref();
    if (!process || performance.now() >= deadline) return undefined;
    const killTimer = setTimeout(() => process.kill(), this.options.maxUseMs);
    try {
      return await work((feeds) => process.run([feeds]));
    } finally {
      clearTimeout(killTimer);
      this.idleTimer.refresh();
    }
  }
}
