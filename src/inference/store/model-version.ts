import type { FieldError } from '../../http/index.js';
import { ModelNotReadyError } from '../inference.errors.js';
import type { Manifest } from '../manifest/manifest.js';
import { preprocess } from '../pipeline/preprocess.js';
import { disagreement, isClose, trialRows } from '../pipeline/prove.js';
import { type Prediction, respond } from '../pipeline/respond.js';
import { Runtime, type RuntimeEvents } from '../runtime/runtime.js';
import type { RuntimeOptions } from '../runtime/runtime-options.js';
import type { Signature } from '../runtime/tensor.js';
import { RunQueue } from '../scheduler/run-queue.js';
import { type RowSchema, rowSchemaOf } from '../signature/row-schema.js';
import { type CheckedRow, RowValidator } from '../signature/row-validator.js';

export type VersionState = 'loading' | 'ready' | 'failed' | 'unloaded';

/** Whether several rows go into one run, and if not, why. */
export type Batching =
  { readonly enabled: true; readonly maxBatchSize: number } | { readonly enabled: false; readonly reason: string };

export interface VersionOptions {
  readonly version: string;
  readonly manifest: Manifest;
  readonly deadlineMs: number;
  /** Told what goes wrong inside, for the log. */
  readonly onTrouble: (message: string, error?: unknown) => void;
  readonly onStateChange: () => void;
}

/** What a version is once it has loaded. */
interface Loaded {
  readonly runtime: Runtime;
  readonly queue: RunQueue;
  readonly schema: RowSchema;
  readonly validator: RowValidator;
}

const DEFAULT_MAX_BATCH_SIZE = 256;
const QUEUE_CAPACITY = 1_024;

/** One version of a model: loaded, warmed up and proven before it answers, then `preprocess → predict → respond`. */
export class ModelVersion {
  readonly version: string;
  readonly manifest: Manifest;
  state: VersionState = 'loading';
  /** Why it failed. */
  reason: string | undefined;
  batching: Batching | undefined;
  private loaded: Loaded | undefined;

  constructor(private readonly options: VersionOptions) {
    this.version = options.version;
    this.manifest = options.manifest;
  }

  get sha256(): string | undefined {
    return this.loaded?.runtime.sha256 ?? this.manifest.versions?.[this.version]?.sha256;
  }

  get signature(): Signature | undefined {
    return this.loaded?.runtime.signature;
  }

  get schema(): RowSchema | undefined {
    return this.loaded?.schema;
  }

  /** The process the model is in. */
  get pid(): number | undefined {
    return this.loaded?.runtime.pid;
  }

  /** Runs under way and runs that wait. */
  get load(): RunQueue['load'] {
    return this.loaded?.queue.load ?? { running: 0, waiting: 0 };
  }

  /** Never rejects: a version that cannot be served is `failed`, with the reason. */
  async start(file: string, options: Omit<RuntimeOptions, 'file'>): Promise<void> {
    try {
      const runtime = await Runtime.start({ file, ...options }, this.runtimeEvents());
      this.loaded = this.prepare(runtime);
      await this.prove();
      this.setState('ready');
    } catch (error) {
      await this.fail(reasonOf(error as Error));
    }
  }

  async fail(reason: string): Promise<void> {
    this.reason = reason;
    this.setState('failed');
    await this.loaded?.runtime.stop(0);
    this.loaded = undefined;
  }

  async stop(graceMs: number): Promise<void> {
    await this.loaded?.runtime.stop(graceMs);
  }

  /** Checks one row; what is wrong with it is added to `errors`. */
  check(row: unknown, location: readonly (string | number)[], errors: FieldError[]): CheckedRow {
    return this.ready().validator.check(row, location, errors);
  }

  /** A form's texts as values of the row's fields, where they can be read so. */
  fromForm(form: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return this.ready().validator.fromForm(form);
  }

  /** Predicts checked rows, as many in a run as the model allows; the answers are in the rows' order. */
  async predict(rows: readonly CheckedRow[], signal?: AbortSignal): Promise<Prediction[]> {
    this.ready();
    const size = this.batching?.enabled ? this.batching.maxBatchSize : 1;
    const predictions: Prediction[] = [];
    for (let start = 0; start < rows.length; start += size) {
      predictions.push(...(await this.run(rows.slice(start, start + size), signal)));
    }
    return predictions;
  }

  private prepare(runtime: Runtime): Loaded {
    const schema = rowSchemaOf(runtime.signature, this.manifest);
    const queue = new RunQueue(runtime, {
      deadlineMs: this.options.deadlineMs,
      capacity: QUEUE_CAPACITY,
      onRunFailed: (error) => this.options.onTrouble('a run failed', error),
    });
    this.batching = declaredBatching(runtime.signature, schema, this.manifest);
    return { runtime, queue, schema, validator: new RowValidator(schema) };
  }

  /** Warms up, checks the model's answer to its own example, and that rows together give what they give alone. */
  private async prove(): Promise<void> {
    const { example } = this.manifest;
    const exampleRow = example && this.checkExample(example.input);
    if (example && exampleRow) {
      const [answer] = await this.run([exampleRow]);
      const difference = answer && disagreement(answer, example);
      if (difference !== undefined) throw new Error(difference);
    }
    if (!this.batching?.enabled) return;
    const problem = await this.findBatchingProblem(trialRows(this.loaded!.schema, exampleRow));
    if (problem !== undefined) this.batching = { enabled: false, reason: problem };
  }

  private async findBatchingProblem(rows: readonly CheckedRow[]): Promise<string | undefined> {
    try {
      const alone: Prediction[] = [];
      for (const row of rows) alone.push(...(await this.run([row])));
      const together = await this.run(rows);
      return isClose(together, alone) ? undefined : 'rows run together give other answers than the same rows alone';
    } catch {
      return 'it could not be proven that rows run together give what they give alone';
    }
  }

  private checkExample(input: Readonly<Record<string, unknown>>): CheckedRow {
    const errors: FieldError[] = [];
    const row = this.loaded!.validator.check(input, ['example'], errors);
    if (errors.length > 0) throw new Error(`its example in model.json is wrong: ${errors[0]?.message}`);
    return row;
  }

  /** `predict → respond` for rows that go into one run. */
  private async run(rows: readonly CheckedRow[], signal?: AbortSignal): Promise<Prediction[]> {
    const { queue, schema, runtime } = this.loaded!;
    const outputs = await queue.submit(preprocess(rows, schema), signal);
    return respond(outputs, rows.length, this.manifest, runtime.signature.outputs);
  }

  private ready(): Loaded {
    if (!this.loaded || this.state !== 'ready') throw new ModelNotReadyError(this.version, this.state);
    return this.loaded;
  }

  private runtimeEvents(): RuntimeEvents {
    return {
      died: () => {
        this.options.onTrouble('its runtime ended and is being restarted');
        if (this.state === 'ready') this.setState('loading');
      },
      recovered: () => {
        if (this.state === 'loading') this.setState('ready');
      },
      restartFailed: (error) => this.options.onTrouble('its runtime could not be restarted', error),
    };
  }

  private setState(state: VersionState): void {
    this.state = state;
    this.options.onStateChange();
  }
}

/** For operators: what the runtime itself said, where a run failed. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `it cannot run its own example: ${cause.message}` : message;
}

/** What signature and manifest say of batching; whether it holds is proven by `ModelVersion.prove`. */
function declaredBatching({ inputs, outputs }: Signature, schema: RowSchema, { batching }: Manifest): Batching {
  if (batching === false) return { enabled: false, reason: '"batching" is false in model.json' };
  const first = inputs[0]?.shape[0];
  const odd = [...inputs, ...outputs].find((tensor) => typeof first !== 'string' || tensor.shape[0] !== first);
  if (odd) {
    return { enabled: false, reason: `"${odd.name}" does not begin with the symbolic dimension that counts rows` };
  }
  if (schema.fields.some((field) => field.shape.includes(null))) {
    return { enabled: false, reason: 'rows may differ in shape' };
  }
  return { enabled: true, maxBatchSize: batching?.maxBatchSize ?? DEFAULT_MAX_BATCH_SIZE };
}
