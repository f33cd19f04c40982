import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeDiedError, RuntimeProcess } from './runtime-process.js';
import type { Pins } from './model-files.js';
import type { RuntimeOptions } from './runtime-options.js';
import type { Signature, Tensor } from '../signature/tensor.js';

const FIRST_BACK_OFF_MS = 50;
const MAX_BACK_OFF_MS = 10_000;

/** Told when a runtime went away by itself, and when it is back. */
export interface RuntimeEvents {
  died(how: { readonly how: string; readonly stderr: string }): void;
  recovered(): void;
  /** It could not be started again; it will be tried once more after a pause. */
  restartFailed(error: unknown): void;
}

/** A model's runtime under supervision: when its process ends by itself, another is started, later each time. */
export class Runtime {
  private current: RuntimeProcess | undefined;
  private readonly stopping = new AbortController();
  private backOffMs = FIRST_BACK_OFF_MS;

  private constructor(
    private readonly options: RuntimeOptions,
    readonly signature: Signature,
    /** Of the files that were loaded. */
    readonly pins: Required<Pins>,
    private readonly events: RuntimeEvents,
    private readonly signal: AbortSignal,
  ) {}

  private get isStopping(): boolean {
    return this.stopping.signal.aborted || this.signal.aborted;
  }

  /**
   * Loads the model; rejects with `ModelLoadError`.
   *
   * @param signal ends a start that is under way, now or later
   */
  static async start(options: RuntimeOptions, events: RuntimeEvents, signal: AbortSignal): Promise<Runtime> {
    const { runtime: process, signature, sha256, files } = await RuntimeProcess.start(options, signal);
    // What a restart loads must be what was proven at the start, also where the manifest pins nothing.
    const runtime = new Runtime({ ...options, sha256, files }, signature, { sha256, files }, events, signal);
    runtime.supervise(process);
    return runtime;
  }

  get pid(): number | undefined {
    return this.current?.pid;
  }

  /** Runs the model once, in the process there is now; see `RuntimeProcess.run` for `parts` and errors. */
  async run(parts: readonly (readonly Tensor[])[]): Promise<Tensor[]> {
    if (!this.current) throw new RuntimeDiedError('The runtime is being restarted');
    const outputs = await this.current.run(parts);
    // What has worked is worth starting again at once.
    this.backOffMs = FIRST_BACK_OFF_MS;
    return outputs;
  }

  /** Ends a process that hangs; supervision starts another. */
  kill(): void {
    this.current?.kill();
  }

  /** Finishes what runs, then ends for good; by SIGKILL once `graceMs` have passed. */
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
    this.events.died(ended.lastWords);
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
