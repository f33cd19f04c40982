import { ModelNotReadyError } from '../serving.errors.js';
import type { ImageInput } from '../images/image-input.js';
import type { InferenceSettings } from '../serving.settings.js';
import type { Manifest } from '../manifest/manifest.js';
import type { Prediction } from '../pipeline/respond.js';
import type { Pins } from '../runtime/model-files.js';
import type { RuntimeEvents } from '../runtime/runtime.js';
import type { RuntimeOptions } from '../runtime/runtime-options.js';
import type { Signature, Tensor } from '../signature/tensor.js';
import { concatenate, groupOf, rowsOf } from '../batching/batch.js';
import type { Caller } from '../batching/queued-run.js';
import type { RowSchema } from '../signature/row-schema.js';
import type { CheckedRow, RowCheck } from '../signature/row-check.js';
import type { VersionRecorder } from '../stats/version-recorder.js';
import { AnswerCache } from '../batching/answer-cache.js';
import { AnswerSize } from './answer-size.js';
import { isCallersFault } from './callers-fault.js';
import { type Batching, type Loaded, loadVersion } from './load-version.js';

export type VersionState = 'loading' | 'ready' | 'failed' | 'unloaded';

export interface VersionOptions {
  readonly model: string;
  readonly version: string;
  readonly manifest: Manifest;
  /** What it is made from: another text means another file, or a manifest that says something else of it. */
  readonly source: string;
  readonly settings: InferenceSettings;
  readonly recorder: VersionRecorder;
  /** Finds the file, and says how it is to be run. */
  readonly locate: () => Promise<RuntimeOptions>;
  /** Told what goes wrong inside, for the log. */
  readonly onTrouble: (message: string, details: object) => void;
  readonly onStateChange: () => void;
}

/** What an idle runtime may take to end by itself. */
const IDLE_STOP_MS = 1_000;
/** Rows of one request that wait side by side where each is a run of its own. */
const SINGLE_RUNS_AT_ONCE = 16;

/**
 * One version of a model, from one state of its files: loaded, warmed up and proven before it answers. Other files make
 * another `ModelVersion`, which takes this one's place when it is ready.
 */
export class ModelVersion {
  readonly version: string;
  readonly manifest: Manifest;
  /** What it is made from, or what was tried last. */
  source: string;
  state: VersionState = 'unloaded';
  /** Why it failed; of one that is ready, why newer files of it are not served. */
  reason: string | undefined;
  private readonly recorder: VersionRecorder;
  private loaded: Loaded | undefined;
  private cache: AnswerCache | undefined;
  private users = 0;
  private whenIdle: (() => void) | undefined;

  constructor(private readonly options: VersionOptions) {
    const { version, manifest, source, recorder } = options;
    this.version = version;
    this.manifest = manifest;
    this.source = source;
    this.recorder = recorder;
  }

  get sha256(): string | undefined {
    return this.loaded?.runtime.pins.sha256 ?? this.manifest.versions?.[this.version]?.sha256;
  }

  /** What the files that were loaded are. */
  get pins(): Pins | undefined {
    return this.loaded?.runtime.pins;
  }

  get signature(): Signature | undefined {
    return this.loaded?.runtime.signature;
  }

  get schema(): RowSchema | undefined {
    return this.loaded?.schema;
  }

  /** How pictures become rows, where it takes them. */
  get image(): ImageInput | undefined {
    return this.loaded?.image;
  }

  get batching(): Batching | undefined {
    return this.loaded?.batching;
  }

  /** Whether it serves, or will when its runtime is back. */
  get isInService(): boolean {
    return this.loaded !== undefined && (this.state === 'ready' || this.state === 'loading');
  }

  /** A row that the model is known to answer. */
  get exampleRow(): Readonly<Record<string, unknown>> | undefined {
    return this.loaded?.exampleRow ?? this.manifest.example?.input;
  }

  get stats(): VersionRecorder['stats'] {
    return this.recorder.stats;
  }

  /** What one request may hold. */
  get limits(): InferenceSettings['limits'] {
    return this.options.settings.limits;
  }

  /** The process the model is in. */
  get pid(): number | undefined {
    return this.loaded?.runtime.pid;
  }

  /** Runs under way and runs that wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return this.loaded?.queue.load ?? { running: 0, waiting: 0 };
  }

  /** Never rejects: a version that cannot be served is `failed`, with the reason. */
  async start(signal: AbortSignal): Promise<void> {
    this.setState('loading');
    try {
      const { settings, locate } = this.options;
      const place = { manifest: this.manifest, version: this.version, options: await locate(), settings };
      this.loaded = await loadVersion(place, this.runtimeEvents(), this.recorder, signal);
      const unpinned = place.options.files ? [] : Object.keys(this.loaded.runtime.pins.files);
      if (unpinned.length > 0) this.options.onTrouble(`${unpinned.join(', ')} is not pinned by sha256`, {});
      const { maxEntries = 0 } = this.manifest.cache ?? {};
      if (maxEntries > 0) this.cache = new AnswerCache(maxEntries, (...lookup) => this.recorder.lookedUp(...lookup));
      this.recorder.open(() => ({ inFlight: this.users, waiting: this.load.waiting }));
      this.setState('ready');
    } catch (error) {
      const { cause, message } = error as Error;
      if (cause !== undefined) this.options.onTrouble('it could not be started', { err: cause });
      this.reason = message;
      this.setState('failed');
    }
  }

  /** Keeps the version from being stopped while `work` goes on. */
  async use<T>(work: (version: ModelVersion) => Promise<T>): Promise<T> {
    const since = performance.now();
    this.users += 1;
    try {
      const result = await work(this);
      this.recorder.answered(true, performance.now() - since);
      return result;
    } catch (error) {
      if (!isCallersFault(error)) this.recorder.answered(false, performance.now() - since);
      throw error;
    } finally {
      this.users -= 1;
      if (this.users === 0) this.whenIdle?.();
    }
  }

  /** Takes no new requests; stops when those that there are have been answered. */
  async retire(): Promise<void> {
    this.setState('unloaded');
    if (this.users > 0) await new Promise<void>((resolve) => (this.whenIdle = resolve));
    await this.stop();
  }

  /** Ends its process; at once where a run is under way, because nobody waits for that any more. */
  async stop(): Promise<void> {
    this.recorder.close();
    await this.loaded?.runtime.stop(this.load.running > 0 ? 0 : IDLE_STOP_MS);
  }

  /** Checks one row; what is wrong with it is added to `check`. */
  check(row: unknown, location: readonly (string | number)[], check: RowCheck): CheckedRow {
    return this.demandLoaded().validator.check(row, location, check);
  }

  /** A form's texts as values of the row's fields, where they can be read so. */
  fromForm(form: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return this.demandLoaded().validator.fromForm(form);
  }

  /** When a prediction that begins now has to be answered, as `performance.now()` counts; DEADLINE_MS at most. */
  deadlineIn(ms?: number): number {
    return this.demandLoaded().queue.deadlineIn(ms);
  }

  /** How many rows, at most as many as may run together, are likely to keep the runtime busy for no longer than this. */
  rowsWithin(ms: number): number {
    return this.demandLoaded().queue.rowsWithin(ms);
  }

  /** Whether somebody who waits for answers has asked lately. */
  get isInDemand(): boolean {
    return this.demandLoaded().queue.isInDemand;
  }

  /** Predicts checked rows by one deadline, as many in a run as the model allows; the answers are in the rows' order. */
  async predict(rows: readonly CheckedRow[], caller: Caller = {}): Promise<Prediction[]> {
    const { schema, queue, preprocess, respond } = this.demandLoaded();
    const timed = queue.timed(caller);
    if (rows.length === 1 || (queue.batching && schema.isUniform)) {
      return respond(await this.infer(preprocess(rows), timed), rows.length);
    }
    const alone = Math.min(SINGLE_RUNS_AT_ONCE, this.options.settings.queueCapacity);
    const atOnce = queue.batching?.maxBatchSize ?? alone;
    const size = this.sizeOfAnswer();
    const predictOne = async (row: CheckedRow): Promise<Prediction[]> => {
      const outputs = await this.infer(preprocess([row]), timed);
      size.add(outputs);
      return respond(outputs, 1);
    };
    const predictions: Prediction[] = [];
    for (let start = 0; start < rows.length; start += atOnce) {
      const side = rows.slice(start, start + atOnce);
      predictions.push(...(await Promise.all(side.map(predictOne))).flat());
    }
    return predictions;
  }

  /**
   * Runs the model on tensors that have been checked against its signature, with other callers' where it may be. More rows
   * than a batch may have are run one batch after another.
   *
   * @throws QueueFullError, OverloadedError, DeadlineError, RuntimeLostError, RunFailedOnRowError, AnswerTooLargeError
   */
  infer(feeds: readonly Tensor[], caller: Caller = {}): Promise<readonly Tensor[]> {
    const { queue } = this.demandLoaded();
    const { maxBatchSize = Infinity } = queue.batching ?? {};
    const rows = queue.batching ? (feeds[0]?.shape[0] ?? 1) : 1;
    const timed = queue.timed(caller);
    return rows <= maxBatchSize ? this.answer(feeds, rows, timed) : this.inferInParts(feeds, rows, maxBatchSize, timed);
  }

  private async inferInParts(
    feeds: readonly Tensor[],
    rows: number,
    maxBatchSize: number,
    timed: Caller,
  ): Promise<readonly Tensor[]> {
    const size = this.sizeOfAnswer();
    const parts: (readonly Tensor[])[] = [];
    for (let start = 0; start < rows; start += maxBatchSize) {
      const count = Math.min(maxBatchSize, rows - start);
      const part = await this.answer(rowsOf(feeds, start, count), count, timed);
      size.add(part);
      parts.push(part);
    }
    return concatenate(parts);
  }

  private answer(feeds: readonly Tensor[], rows: number, caller: Caller): Promise<readonly Tensor[]> {
    const { queue, hasFixedShapes } = this.demandLoaded();
    const submission = { feeds, rows, group: hasFixedShapes ? '' : groupOf(feeds) };
    if (!this.cache) return queue.submit(submission, caller);
    return this.cache.answer(feeds, caller, (by) => queue.submit(submission, by));
  }

  private sizeOfAnswer(): AnswerSize {
    return new AnswerSize(this.options.settings.maxAnswerElements);
  }

  private demandLoaded(): Loaded {
    if (!this.loaded) throw new ModelNotReadyError(`${this.options.model}/${this.version}`, this.state);
    return this.loaded;
  }

  private runtimeEvents(): RuntimeEvents {
    return {
      died: (end) => {
        this.recorder.restarted();
        this.options.onTrouble('its runtime ended and is being restarted', end);
        if (this.state === 'ready') this.setState('loading');
      },
      recovered: () => {
        if (!this.loaded) return;
        this.loaded.queue.resume();
        this.reason = undefined;
        if (this.state === 'loading') this.setState('ready');
      },
      restartFailed: (err) => {
        this.reason = `its runtime ended and cannot be started again: ${(err as Error).message}`;
        this.options.onTrouble('its runtime could not be restarted', { err });
      },
    };
  }

  private setState(state: VersionState): void {
    this.state = state;
    this.options.onStateChange();
  }
}
