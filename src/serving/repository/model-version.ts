import { EventEmitter } from 'node:events';
import { isCallerError } from '../../platform/http/index.js';
import { newResponseCache } from '../batching/response-cache.js';
import type { Caller, TimedCaller } from '../caller.js';
import type { ImageInput } from '../images/image-input.js';
import type { Manifest } from '../manifest/manifest.js';
import { Predictor } from '../pipeline/predictor.js';
import type { Prediction } from '../pipeline/respond.js';
import type { Pins } from '../runtime/model-files.js';
import type { RuntimeEvents } from '../runtime/runtime.js';
import { ModelNotReadyError } from '../serving.errors.js';
import type { ServingSettings } from '../serving.settings.js';
import type { CheckedRow, RowCheck } from '../signature/row-check.js';
import type { RowSchema } from '../signature/row-schema.js';
import type { Signature, Tensor } from '../signature/tensor.js';
import type { RunFailure, VersionRecorder } from '../stats/version-recorder.js';
import type { LoadTurn } from './load-queue.js';
import { LoadTimeoutError, runLoad } from './load-time.js';
import { type Batching, type Loaded, loadVersion } from './load-version.js';
import type { VersionEvents, VersionOptions } from './version-options.js';
import { type Phase, TRANSITIONS, type VersionState } from './version-state.js';

/** Time for an idle runtime to end by itself. */
const IDLE_STOP_MS = 1_000;

/**
 * One version of a model, made from one state of its files. It is loaded, warmed up and self-tested before it serves.
 * Changed files make another `ModelVersion`, which replaces this one when it is ready.
 *
 * A state machine, `loading → ready → draining → unloaded` or `failed`: it alone changes its state and emits events.
 */
export class ModelVersion extends EventEmitter<VersionEvents> {
  readonly version: string;
  readonly manifest: Manifest;
  private readonly recorder: VersionRecorder;
  private phase: Phase = 'unloaded';
  private currentSource: string;
  private currentReason: string | undefined;
  private ranOutOfTime = false;
  private loaded: (Loaded & { readonly predictor: Predictor }) | undefined;
  private users = 0;
  private whenIdle: (() => void) | undefined;

  constructor(private readonly options: VersionOptions) {
    super();
    const { version, manifest, source, recorder } = options;
    this.version = version;
    this.manifest = manifest;
    this.currentSource = source;
    this.recorder = recorder;
  }

  get state(): VersionState {
    return this.phase === 'draining' ? 'unloaded' : this.phase;
  }

  /** Identifies the files it is made from, or those of the last replacement that failed to load. */
  get source(): string {
    return this.currentSource;
  }

  /** Why it failed; for a ready version, why its newer files are not served. */
  get reason(): string | undefined {
    return this.currentReason;
  }

  /** Whether its load, or that of its newer files, ran out of time and should be tried again. */
  get hasRunOutOfTime(): boolean {
    return this.ranOutOfTime;
  }

  get sha256(): string | undefined {
    return this.loaded?.runtime.pins.sha256 ?? this.manifest.versions?.[this.version]?.sha256;
  }

  /** Hashes of the files that were loaded. */
  get pins(): Pins | undefined {
    return this.loaded?.runtime.pins;
  }

  get signature(): Signature | undefined {
    return this.loaded?.signature;
  }

  get schema(): RowSchema | undefined {
    return this.loaded?.schema;
  }

  /** How images become rows; undefined for a model that takes none. */
  get image(): ImageInput | undefined {
    return this.loaded?.image;
  }

  /** The names of its classes or of its independent labels, in the order of its scores; undefined where they are not known. */
  get labels(): readonly string[] | undefined {
    return this.loaded?.format.classes?.names;
  }

  get batching(): Batching | undefined {
    return this.loaded?.batching;
  }

  /** Whether it serves, or will serve when its runtime has restarted. */
  get isInService(): boolean {
    return this.loaded !== undefined && (this.state === 'ready' || this.state === 'loading');
  }

  /** A row for which the model has made a prediction, or else the example in the manifest. */
  get exampleRow(): Readonly<Record<string, unknown>> | undefined {
    return this.loaded?.exampleRow ?? this.manifest.example?.input;
  }

  get stats(): VersionRecorder['stats'] {
    return this.recorder.stats;
  }

  /** The last runs that failed, the newest first. */
  get failures(): readonly RunFailure[] {
    return this.recorder.failures;
  }

  /** Limits of one request. */
  get limits(): ServingSettings['limits'] {
    return this.options.settings.limits;
  }

  /** Process id of the runtime. */
  get pid(): number | undefined {
    return this.loaded?.runtime.pid;
  }

  /** Number of runs in the runtime and in the queue. */
  get load(): { readonly running: number; readonly waiting: number } {
    return this.loaded?.queue.load ?? { running: 0, waiting: 0 };
  }

  /**
   * Loads it. Never rejects: a version that cannot be served is `failed`, with the reason. One that ran out of time stays
   * `loading`, for another version to be tried in its place.
   */
  async start(signal: AbortSignal, inTurn?: LoadTurn): Promise<void> {
    this.enter('loading');
    try {
      const { settings, resolveOptions } = this.options;
      const { manifest, version } = this;
      const options = await resolveOptions();
      const loaded = await runLoad(
        (deadline) => {
          const source = { manifest, version, options, settings, deadline };
          return loadVersion(source, this.runtimeEvents(), this.recorder, signal);
        },
        { timeoutMs: settings.loadTimeoutMs, signal, inTurn },
      );
      const unpinned = options.files ? [] : Object.keys(loaded.runtime.pins.files);
      if (unpinned.length > 0) this.emit('problem', `${unpinned.join(', ')} is not pinned by sha256`, {});
      const cache = newResponseCache(manifest.cache, this.recorder);
      this.loaded = { ...loaded, predictor: new Predictor(loaded, settings, cache, this.recorder) };
      this.recorder.open(() => ({ inFlight: this.users, waiting: this.load.waiting }));
      this.enter('ready');
    } catch (error) {
      const { cause, message } = error as Error;
      if (cause !== undefined) this.emit('problem', 'it could not be started', { err: cause });
      const { reasonPrefix } = this.options;
      const reason = reasonPrefix === undefined ? message : `${reasonPrefix}: ${message}`;
      this.ranOutOfTime = error instanceof LoadTimeoutError;
      if (this.ranOutOfTime) this.explain(reason);
      else this.enter('failed', reason);
    }
  }

  /** Keeps serving after the version made from its newer files has failed. */
  keepInsteadOf(failed: ModelVersion): void {
    this.currentSource = failed.source;
    this.ranOutOfTime = failed.hasRunOutOfTime;
    this.explain(`its files have changed and cannot be loaded, so the previous ones are served: ${failed.reason}`);
  }

  /** Runs `work` and keeps the version from being stopped meanwhile. */
  async use<T>(work: (version: ModelVersion) => Promise<T>): Promise<T> {
    const since = performance.now();
    this.users += 1;
    try {
      const result = await work(this);
      this.recorder.requestFinished(true, performance.now() - since);
      return result;
    } catch (error) {
      if (!isCallerError(error)) this.recorder.requestFinished(false, performance.now() - since);
      throw error;
    } finally {
      this.users -= 1;
      if (this.users === 0) this.whenIdle?.();
    }
  }

  /** Takes no new requests, finishes the current ones, and stops. */
  async drain(): Promise<void> {
    this.enter('draining');
    if (this.users > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
    await this.stop();
    this.enter('unloaded');
  }

  /** Ends its process; without delay during a run, because its callers have gone by then. */
  async stop(): Promise<void> {
    this.recorder.close();
    this.loaded?.predictor.stop();
    await this.loaded?.runtime.stop(this.load.running > 0 ? 0 : IDLE_STOP_MS);
  }

  /** Checks one row; errors are added to `check`. */
  check(row: unknown, location: readonly (string | number)[], check: RowCheck): CheckedRow {
    return this.requireLoaded().validator.check(row, location, check);
  }

  /** Converts the texts of a form to values of the row's fields, where they can be read as such. */
  fromForm(form: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return this.requireLoaded().validator.fromForm(form);
  }

  /**
   * The deadline of a request: DEADLINE_MS for one row, PREDICT_MAX_SECONDS for more, of which DEADLINE_MS applies to each slice.
   *
   * @param ms the caller's own limit
   * @param since when the request began
   * @returns milliseconds as `performance.now()` counts
   */
  deadlineFor(rows: number, ms = Infinity, since = performance.now()): number {
    const { deadlineMs, requestMs } = this.options.settings;
    return since + Math.min(ms, rows > 1 ? Math.max(deadlineMs, requestMs) : deadlineMs);
  }

  /** The number of rows that are likely to keep the runtime busy for at most `ms`; at most one batch. */
  rowsWithin(ms: number): number {
    return this.requireLoaded().queue.rowsWithin(ms);
  }

  /** Whether interactive requests have come recently. */
  get hasInteractiveDemand(): boolean {
    return this.requireLoaded().queue.hasInteractiveDemand;
  }

  /** Predicts checked rows in slices as large as the model allows. @returns predictions in the rows' order */
  predict(rows: readonly CheckedRow[], caller: Caller = {}): Promise<Prediction[]> {
    return this.requireLoaded().predictor.predict(rows, this.withDeadline(rows.length, caller));
  }

  /**
   * Runs the model on tensors that have been checked against its signature, together with other callers' tensors where
   * it batches. Inputs of many rows are run slice by slice there.
   *
   * @throws QueueFullError, OverloadedError, DeadlineError, RuntimeLostError, ModelRunFailedError, ResponseTooLargeError
   */
  infer(feeds: readonly Tensor[], caller: Caller = {}): Promise<readonly Tensor[]> {
    return this.requireLoaded().predictor.infer(feeds, this.withDeadline(feeds[0]?.shape[0] ?? 1, caller));
  }

  /** The one place in which a deadline is set for a caller that has none. */
  private withDeadline(rows: number, { signal, deadline = this.deadlineFor(rows), priority }: Caller): TimedCaller {
    return { signal, deadline, priority };
  }

  private requireLoaded(): NonNullable<typeof this.loaded> {
    if (!this.loaded) throw new ModelNotReadyError(`${this.options.model}/${this.version}`, this.state);
    return this.loaded;
  }

  private runtimeEvents(): RuntimeEvents {
    return {
      died: (end) => {
        this.recorder.restarted();
        this.recorder.runFailed('model.runtime-died', end.how);
        this.emit('problem', 'its runtime ended and is being restarted', end);
        if (this.phase === 'ready') this.enter('loading');
      },
      recovered: () => {
        if (!this.loaded) return;
        this.currentReason = undefined;
        if (this.phase === 'loading') this.enter('ready');
      },
      restartFailed: (err) => {
        this.currentReason = `its runtime ended and cannot be started again: ${(err as Error).message}`;
        this.emit('problem', 'its runtime could not be restarted', { err });
      },
    };
  }

  private explain(reason: string): void {
    this.currentReason = reason;
    this.emit('changed');
  }

  private enter(phase: Phase, reason = this.currentReason): void {
    if (!TRANSITIONS[this.phase].includes(phase)) throw new Error(`A version cannot go from ${this.phase} to ${phase}`);
    this.phase = phase;
    this.currentReason = reason;
    this.emit('changed');
  }
}
