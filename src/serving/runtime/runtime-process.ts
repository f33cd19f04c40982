import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { SOURCE_ROOT } from '../../platform/config/index.js';
import { decodeTensors, encodeTensors, type Frame, FrameKind, FrameReader, sendPieces } from './frames.js';
import type { Pins } from './model-files.js';
import { MEMORY_LIMIT_MESSAGE, type RuntimeOptions } from './runtime-options.js';
import type { Signature, Tensor } from '../signature/tensor.js';

const PROGRAM = fileURLToPath(new URL('serving/runtime/runtime.child.js', SOURCE_ROOT));
/** Characters kept of the end of stderr. */
const STDERR_TAIL_LENGTH = 4_096;

/** The process ended during a run, or while it was not running. */
export class RuntimeDiedError extends Error {}

/** The model could not be loaded. The message may be shown to clients; the cause is for the log. */
export class ModelLoadError extends Error {}

/** ONNX Runtime failed on a run. The message is for the log and not for clients. */
export class RunFailedError extends Error {}

/** The outputs have more values than may be sent. */
export class OutputTooLargeError extends RunFailedError {}

interface Pending<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** The end of a process, for the log. */
export interface ExitReport {
  /** Its exit code, its signal, or the limit that it exceeded. */
  readonly how: string;
  /** The end of its stderr. */
  readonly stderr: string;
}

interface ReadyMessage extends Required<Pins> {
  readonly signature: Signature;
}

/** A child process with one loaded model. They exchange frames; SIGKILL ends a process that hangs. */
export class RuntimeProcess {
  /** Resolves when the process has ended, however it did. */
  readonly exited: Promise<void>;
  /** In the order of their submission, which is the order of their results. */
  private runs: (Pending<Tensor[]> & { readonly id: number })[] = [];
  private ready: Pending<ReadyMessage> | undefined;
  private nextId = 1;
  private hasExited = false;
  private stderr = '';

  private constructor(private readonly child: ChildProcess) {
    const reader = new FrameReader((frame) => this.receive(frame));
    (child.stdio[3] as Readable).on('data', (chunk: Buffer) => reader.push(chunk));
    child.stderr?.on(
      'data',
      (chunk: Buffer) => (this.stderr = (this.stderr + String(chunk)).slice(-STDERR_TAIL_LENGTH)),
    );
    // A write to a dead process fails; `exited` reports its death.
    this.input.on('error', () => undefined);
    this.exited = once(child, 'close').then(
      () => this.rejectPending(),
      () => this.rejectPending(),
    );
  }

  /**
   * Starts a process and resolves when its model is loaded.
   *
   * @param signal aborts the start
   * @throws ModelLoadError
   */
  static async start(
    options: RuntimeOptions,
    signal: AbortSignal,
  ): Promise<{ runtime: RuntimeProcess } & ReadyMessage> {
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      // No environment of the web process: it holds secrets.
      env: { ORT_DISABLE_TELEMETRY: '1' },
    });
    // Emitted if the process cannot be started or killed; without a listener it would end this process.
    child.on('error', () => undefined);
    if (child.pid === undefined) throw new ModelLoadError('no process could be started for it');
    const runtime = new RuntimeProcess(child);
    const abort = AbortSignal.any([signal, AbortSignal.timeout(options.loadTimeoutMs)]);
    const kill = (): void => runtime.kill();
    abort.addEventListener('abort', kill, { once: true });
    if (abort.aborted) kill();
    try {
      const message = await new Promise<ReadyMessage>((resolve, reject) => (runtime.ready = { resolve, reject }));
      return { runtime, ...message };
    } finally {
      abort.removeEventListener('abort', kill);
    }
  }

  /** The reason for the end of the process, for the log. */
  get exitReport(): ExitReport {
    const { exitCode, signalCode } = this.child;
    const isOverMemory = this.stderr.includes(MEMORY_LIMIT_MESSAGE);
    const how = isOverMemory ? `it took ${MEMORY_LIMIT_MESSAGE}` : (signalCode ?? `exit code ${exitCode}`);
    return { how, stderr: this.stderr };
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Runs the model once.
   *
   * @param parts the tensors of each caller, concatenated to one batch; see `encodeTensors`
   * @throws RunFailedError, OutputTooLargeError, or RuntimeDiedError if the process ends before the result
   */
  run(parts: readonly (readonly Tensor[])[]): Promise<Tensor[]> {
    if (this.hasExited) return Promise.reject(new RuntimeDiedError('The runtime has ended'));
    const id = this.nextId++ % 0x1_0000_0000;
    return new Promise((resolve, reject) => {
      this.runs.push({ id, resolve, reject });
      sendPieces(this.input, encodeTensors(FrameKind.run, id, parts));
    });
  }

  /** Lets the process finish its runs and exit. */
  async stop(): Promise<void> {
    this.input.end();
    await this.exited;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private get input(): Writable {
    return this.child.stdin!;
  }

  private receive({ kind, id, payload }: Frame): void {
    if (kind === FrameKind.ready) this.ready?.resolve(JSON.parse(payload.toString()) as ReadyMessage);
    else if (kind === FrameKind.failed) this.ready?.reject(new ModelLoadError(payload.toString()));
    else if (kind === FrameKind.result) this.resolveRun(id, payload);
    else if (kind === FrameKind.runFailed) this.takeRun(id)?.reject(new RunFailedError(payload.toString()));
    else if (kind === FrameKind.tooLarge)
      this.takeRun(id)?.reject(new OutputTooLargeError(`${String(payload)} values`));
  }

  private resolveRun(id: number, payload: Buffer): void {
    const run = this.takeRun(id);
    try {
      run?.resolve(decodeTensors(payload));
    } catch (error) {
      run?.reject(new RunFailedError(String(error)));
    }
  }

  private takeRun(id: number): Pending<Tensor[]> | undefined {
    const run = this.runs.find((candidate) => candidate.id === id);
    this.runs = this.runs.filter((other) => other !== run);
    return run;
  }

  private rejectPending(): void {
    this.hasExited = true;
    const { how, stderr } = this.exitReport;
    const cause = stderr === '' ? undefined : new Error(stderr);
    this.ready?.reject(new ModelLoadError(`its process ended (${how}) while it loaded`, { cause }));
    for (const run of this.runs) run.reject(new RuntimeDiedError(`The runtime ended (${how})`));
    this.runs = [];
  }
}
