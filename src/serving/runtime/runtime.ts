import { setTimeout as delay } from 'node:timers/promises';
import { type ExitReport, RuntimeDiedError, RuntimeProcess } from './runtime-process.js';
import type { Pins } from './model-files.js';
import type { RuntimeOptions } from './runtime-options.js';
import type { Signature, Tensor } from '../signature/tensor.js';

const MIN_BACK_OFF_MS = 50;
const MAX_BACK_OFF_MS = 10_000;

/** Observes unexpected ends of a runtime's process. */
export interface RuntimeEvents {
  died(report: ExitReport): void;
  recovered(): void;
  /** A restart has failed; the next one follows after a pause. */
  restartFailed(error: unknown): void;
}

/** Supervises the process of a model: when it ends unexpectedly, starts another one, with exponential back-off. */
export class Runtime {
  private current: RuntimeProcess | undefined;
  private readonly stopping = new AbortController();
  private backOffMs = MIN_BACK_OFF_MS;

  private constructor(
    private readonly options: RuntimeOptions,
    readonly signature: Signature,
    /** Hashes of the files that were loaded. */
    readonly pins: Required<Pins>,
    private readonly events: RuntimeEvents,
    private readonly signal: AbortSignal,
  ) {}

  private get isStopping(): boolean {
    return this.stopping.signal.aborted || this.signal.aborted;
  }

  /**
   * Loads the model.
   *
   * @param signal aborts this start and later restarts
   * @throws ModelLoadError
   */
  static async start(options: RuntimeOptions, events: RuntimeEvents, signal: AbortSignal): Promise<Runtime> {
    const { runtime: process, signature, sha256, files } = await RuntimeProcess.start(options, signal);
    // A restart loads only the files that were tested at the start, even if the manifest pins none.
    const runtime = new Runtime({ ...options, sha256, files }, signature, { sha256, files }, events, signal);
    runtime.supervise(process);
    return runtime;
  }

  get pid(): number | undefined {
    return this.current?.pid;
  }

  /** Runs the model once in the current process; see `RuntimeProcess.run`. @throws RuntimeDiedError during a restart */
  async run(parts: readonly (readonly Tensor[])[]): Promise<Tensor[]> {
    if (!this.current) throw new RuntimeDiedError('The runtime is being restarted');
    const outputs = await this.current.run(parts);
    // A process that has worked is restarted without delay.
    this.backOffMs = MIN_BACK_OFF_MS;
    return outputs;
  }

  /** Starts another process with the same files, which nobody supervises. @throws ModelLoadError */
  async startAnother(signal: AbortSignal): Promise<RuntimeProcess> {
    return (await RuntimeProcess.start(this.options, AbortSignal.any([signal, this.signal]))).runtime;
  }

  /** Kills a process that hangs; supervision starts another one. */
  kill(): void {
    this.current?.kill();
  }

  /** Finishes the current runs and ends for good, by SIGKILL after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    const { current } = this;
    if (!current) return;
    const timer = setTimeout(() => current.kill(), graceMs);
    await current.stop();
    clearTimeout(timer);
  }

  private supervise(process: RuntimeProcess): void {
    this.current = process;
    void process.exited.then(() => this.replace(process));
  }

  private async replace(ended: RuntimeProcess): Promise<void> {
    this.current = undefined;
    if (this.isStopping) return;
    this.events.died(ended.exitReport);
    for (;;) {
      await delay(this.backOffMs, undefined, { ref: false });
      if (this.isStopping) return;
      this.backOffMs = Math.min(this.backOffMs * 2, MAX_BACK_OFF_MS);
      if (await this.tryStart()) return;
    }
  }

  private async tryStart(): Promise<boolean> {
    try {
      const { runtime: process } = await RuntimeProcess.start(
        this.options,
        AbortSignal.any([this.signal, this.stopping.signal]),
      );
      this.supervise(process);
      if (this.isStopping) await process.stop();
      else this.events.recovered();
      return true;
    } catch (error) {
      if (!this.isStopping) this.events.restartFailed(error);
      return false;
    }
  }
}
