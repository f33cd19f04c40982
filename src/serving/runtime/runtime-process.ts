import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { SOURCE_ROOT } from '../../platform/config/index.js';
import { decodeTensors, encodeTensors, type Frame, FrameKind, FrameReader } from './frames.js';
import type { Pins } from './model-files.js';
import { MEMORY_LIMIT_WORDS, type RuntimeOptions } from './runtime-options.js';
import type { Signature, Tensor } from '../signature/tensor.js';

const PROGRAM = fileURLToPath(new URL('serving/runtime/runtime.child.js', SOURCE_ROOT));
const MAX_KEPT_STDERR = 4_096;
/** A model that is not loaded by then never will be. */
const MAX_LOAD_MS = 300_000;

/** The process ended, or was ended, while a run was in it or before it was ready. */
export class RuntimeDiedError extends Error {}

/** The model could not be loaded; the message is fit to be shown, the cause is for the log. */
export class ModelLoadError extends Error {}

/** ONNX Runtime refused or failed a run; the message is for the log, not for clients. */
export class RunFailedError extends Error {}

/** The answer has more values than may be sent. */
export class OutputTooLargeError extends RunFailedError {}

interface Waiting<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

interface ReadyMessage extends Required<Pins> {
  readonly signature: Signature;
}

/** One child process with one model in it: spoken to in frames, ended by SIGKILL when it does not answer. */
export class RuntimeProcess {
  /** Resolves when the process has ended, however it did. */
  readonly exited: Promise<void>;
  /** In the order in which they were sent, which is the order of their answers. */
  private runs: (Waiting<Tensor[]> & { readonly id: number })[] = [];
  private ready: Waiting<ReadyMessage> | undefined;
  private nextId = 1;
  private hasExited = false;
  private stderr = '';

  private constructor(private readonly child: ChildProcess) {
    const reader = new FrameReader((frame) => this.receive(frame));
    (child.stdio[3] as Readable).on('data', (chunk: Buffer) => reader.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + String(chunk)).slice(-MAX_KEPT_STDERR)));
    // A write to a process that has just died fails; what matters is that it died, which `exited` tells.
    this.input.on('error', () => undefined);
    this.exited = once(child, 'close').then(
      () => this.end(),
      () => this.end(),
    );
  }

  /**
   * Resolves when the model is loaded; rejects with `ModelLoadError` when it cannot be.
   *
   * @param signal gives the start up
   */
  static async start(
    options: RuntimeOptions,
    signal: AbortSignal,
  ): Promise<{ runtime: RuntimeProcess } & ReadyMessage> {
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      // Nothing of the web process's environment: its secrets are none of a model's business.
      env: { ORT_DISABLE_TELEMETRY: '1' },
    });
    // A process that cannot be started or killed says so here too; without a listener that would end this one.
    child.on('error', () => undefined);
    if (child.pid === undefined) throw new ModelLoadError('no process could be started for it');
    const runtime = new RuntimeProcess(child);
    const giveUp = AbortSignal.any([signal, AbortSignal.timeout(MAX_LOAD_MS)]);
    const kill = (): void => runtime.kill();
    giveUp.addEventListener('abort', kill, { once: true });
    if (giveUp.aborted) kill();
    try {
      const message = await new Promise<ReadyMessage>((resolve, reject) => (runtime.ready = { resolve, reject }));
      return { runtime, ...message };
    } finally {
      giveUp.removeEventListener('abort', kill);
    }
  }

  /** How the process ended, and what it last wrote to stderr: for the log. */
  get lastWords(): { readonly how: string; readonly stderr: string } {
    const { exitCode, signalCode } = this.child;
    const isOverMemory = this.stderr.includes(MEMORY_LIMIT_WORDS);
    const how = isOverMemory ? `it took ${MEMORY_LIMIT_WORDS}` : (signalCode ?? `exit code ${exitCode}`);
    return { how, stderr: this.stderr };
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Runs the model once. Rejects with `RunFailedError`, or `RuntimeDiedError` when the process ends before it answers.
   *
   * @param parts what each caller sends, to be run as one: see `encodeTensors`
   */
  run(parts: readonly (readonly Tensor[])[]): Promise<Tensor[]> {
    if (this.hasExited) return Promise.reject(new RuntimeDiedError('The runtime has ended'));
    const id = this.nextId++ % 0x1_0000_0000;
    return new Promise((resolve, reject) => {
      this.runs.push({ id, resolve, reject });
      this.input.write(encodeTensors(FrameKind.run, id, parts));
    });
  }

  /** Lets it finish what it was sent, then end by itself. */
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
    else if (kind === FrameKind.result) this.answer(id, payload);
    else if (kind === FrameKind.runFailed) this.take(id)?.reject(new RunFailedError(payload.toString()));
    else if (kind === FrameKind.tooLarge) this.take(id)?.reject(new OutputTooLargeError(`${String(payload)} values`));
  }

  private answer(id: number, payload: Buffer): void {
    const run = this.take(id);
    try {
      run?.resolve(decodeTensors(payload));
    } catch (error) {
      run?.reject(new RunFailedError(String(error)));
    }
  }

  private take(id: number): Waiting<Tensor[]> | undefined {
    const run = this.runs.find((candidate) => candidate.id === id);
    this.runs = this.runs.filter((other) => other !== run);
    return run;
  }

  private end(): void {
    this.hasExited = true;
    const { how, stderr } = this.lastWords;
    const cause = stderr === '' ? undefined : new Error(stderr);
    this.ready?.reject(new ModelLoadError(`its process ended (${how}) while it loaded`, { cause }));
    for (const run of this.runs) run.reject(new RuntimeDiedError(`The runtime ended (${how})`));
    this.runs = [];
  }
}
