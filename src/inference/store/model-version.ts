import { ModelNotReadyError, RunFailedOnRowError } from '../inference.errors.js';
import { type Example, exampleOf, type Manifest } from '../manifest/manifest.js';
import { preprocess } from '../pipeline/preprocess.js';
import { disagreement, sameTogether, trialRows } from '../pipeline/prove.js';
import { type Prediction, respond, respondByName } from '../pipeline/respond.js';
import type { Pins } from '../runtime/model-files.js';
import { Runtime, type RuntimeEvents } from '../runtime/runtime.js';
import type { RuntimeOptions } from '../runtime/runtime-options.js';
import type { Signature, Tensor } from '../runtime/tensor.js';
import { RunQueue } from '../scheduler/run-queue.js';
import { rowDimension, type RowSchema, rowSchemaOf, SignatureError } from '../signature/row-schema.js';
import { type CheckedRow, RowCheck, RowValidator, wrongDefault } from '../signature/row-validator.js';

export type VersionState = 'loading' | 'ready' | 'failed' | 'unloaded';

/** Whether several rows go into one run, and if not, why. */
export type Batching =
  { readonly enabled: true; readonly maxBatchSize: number } | { readonly enabled: false; readonly reason: string };

export interface VersionOptions {
  /** With the model's: `iris/1`. */
  readonly name: string;
  readonly version: string;
  readonly manifest: Manifest;
  readonly deadlineMs: number;
  /** Told what goes wrong inside, for the log. */
  readonly onTrouble: (message: string, details: object) => void;
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
/** What an idle runtime may take to end by itself. */
const IDLE_STOP_MS = 1_000;

/** One version of a model: loaded, warmed up and proven before it answers, then `preprocess → predict → respond`. */
export class ModelVersion {
  readonly version: string;
  readonly manifest: Manifest;
  state: VersionState = 'loading';
  /** Why it failed. */
  reason: string | undefined;
  batching: Batching | undefined;
  private runtime: Runtime | undefined;
  private loaded: Loaded | undefined;
  private isProven = false;

  constructor(private readonly options: VersionOptions) {
    this.version = options.version;
    this.manifest = options.manifest;
  }

  get sha256(): string | undefined {
    return this.runtime?.pins.sha256 ?? this.manifest.versions?.[this.version]?.sha256;
  }

  /** What the files that were loaded are. */
  get pins(): Pins | undefined {
    return this.runtime?.pins;
  }

  get signature(): Signature | undefined {
    return this.loaded?.runtime.signature;
  }

  get schema(): RowSchema | undefined {
    return this.loaded?.schema;
  }

  /** The process the model is in. */
  get pid(): number | undefined {
    return this.runtime?.pid;
  }

  /** Runs under way and runs that wait. */
  get load(): RunQueue['load'] {
    return this.loaded?.queue.load ?? { running: 0, waiting: 0 };
  }

  /** Never rejects: a version that cannot be served is `failed`, with the reason. */
  async start(options: RuntimeOptions, signal: AbortSignal): Promise<void> {
    try {
      this.runtime = await Runtime.start(options, this.runtimeEvents(), signal);
      const unpinned = options.files ? [] : Object.keys(this.runtime.pins.files);
      if (unpinned.length > 0) this.options.onTrouble(`${unpinned.join(', ')} is not pinned by sha256`, {});
      this.loaded = this.prepare(this.runtime);
      await this.prove(this.loaded);
      this.isProven = true;
      this.setState('ready');
    } catch (error) {
      const { cause } = error as Error;
      if (cause !== undefined) this.options.onTrouble('it could not be started', { err: cause });
      await this.fail(reasonOf(error as Error));
    }
  }

  async fail(reason: string): Promise<void> {
    this.reason = reason;
    this.setState('failed');
    this.loaded = undefined;
    await this.runtime?.stop(0);
  }

  /** Ends its process; at once where a run is under way, because nobody waits for that any more. */
  async stop(): Promise<void> {
    await this.runtime?.stop(this.load.running > 0 ? 0 : IDLE_STOP_MS);
  }

  /** Checks one row; what is wrong with it is added to `check`. */
  check(row: unknown, location: readonly (string | number)[], check: RowCheck): CheckedRow {
    return this.ready().validator.check(row, location, check);
  }

  /** A form's texts as values of the row's fields, where they can be read so. */
  fromForm(form: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return this.ready().validator.fromForm(form);
  }

  /** Predicts checked rows by one deadline, as many in a run as the model allows; the answers are in the rows' order. */
  async predict(rows: readonly CheckedRow[], signal?: AbortSignal): Promise<Prediction[]> {
    const { queue, schema, runtime } = this.ready();
    const deadline = queue.deadlineFromNow();
    const size = this.batching?.enabled ? this.batching.maxBatchSize : 1;
    const predictions: Prediction[] = [];
    for (let start = 0; start < rows.length; start += size) {
      const batch = rows.slice(start, start + size);
      const outputs = await queue.submit(preprocess(batch, schema), { signal, deadline });
      predictions.push(...respond(outputs, batch.length, this.manifest, runtime.signature));
    }
    return predictions;
  }

  /** What can be known before the model runs: rows, checks, and whether the manifest fits the signature at all. */
  private prepare(runtime: Runtime): Loaded {
    const { signature } = runtime;
    const schema = rowSchemaOf(signature, this.manifest);
    const wrong = wrongDefault(schema);
    if (wrong) throw new SignatureError(`a default in model.json is wrong: ${wrong.message}`);
    checkOutputs(signature, this.manifest);
    const queue = new RunQueue(runtime, { deadlineMs: this.options.deadlineMs, capacity: QUEUE_CAPACITY });
    this.batching = declaredBatching(signature, schema, this.manifest);
    return { runtime, queue, schema, validator: new RowValidator(schema) };
  }

  /** Warms up, checks the model's answer to its own example, and that rows together give what they give alone. */
  private async prove(loaded: Loaded): Promise<void> {
    const example = exampleOf(this.manifest, this.version);
    const exampleRow = example && checkExample(example.input, loaded.validator);
    if (example && exampleRow) await this.proveExample(loaded, example, exampleRow);
    if (!this.batching?.enabled) return;
    const problem = await findBatchingProblem(loaded, trialRows(loaded.schema, exampleRow));
    if (problem !== undefined) this.batching = { enabled: false, reason: problem };
  }

  private async proveExample({ queue, schema, runtime }: Loaded, example: Example, row: CheckedRow): Promise<void> {
    const outputs = await queue.submit(preprocess([row], schema));
    const [answer = {}] = respond(outputs, 1, this.manifest, runtime.signature);
    const [byName = {}] = respondByName(outputs, 1, runtime.signature);
    const difference = disagreement(answer, byName, example);
    if (difference !== undefined) throw new Error(difference);
  }

  private ready(): Loaded {
    if (!this.loaded || this.state !== 'ready') throw new ModelNotReadyError(this.options.name, this.state);
    return this.loaded;
  }

  private runtimeEvents(): RuntimeEvents {
    return {
      died: (end) => {
        this.options.onTrouble('its runtime ended and is being restarted', end);
        if (this.state === 'ready') this.setState('loading');
      },
      recovered: () => {
        if (!this.isProven) return;
        this.loaded?.queue.resume();
        this.setState('ready');
      },
      restartFailed: (err) => this.options.onTrouble('its runtime could not be restarted', { err }),
    };
  }

  private setState(state: VersionState): void {
    this.state = state;
    this.options.onStateChange();
  }
}

/** For operators: what the runtime itself said, where a run failed. */
function reasonOf(error: Error): string {
  if (!(error instanceof RunFailedOnRowError)) return error.message;
  return `it cannot run its own example: ${(error.cause as Error).message}`;
}

function checkExample(input: Readonly<Record<string, unknown>>, validator: RowValidator): CheckedRow {
  const check = new RowCheck();
  const row = validator.check(input, ['example'], check);
  if (check.errors[0]) throw new SignatureError(`its example in model.json is wrong: ${check.errors[0].message}`);
  return row;
}

/** Every output that the manifest names has to be there. */
function checkOutputs({ outputs }: Signature, { output = {} }: Manifest): void {
  const { label, probabilities, logits, value } = output;
  const names = outputs.map(({ name }) => name);
  const missing = [label, probabilities, logits, value].find((name) => name !== undefined && !names.includes(name));
  if (missing !== undefined) {
    throw new SignatureError(`model.json names an output "${missing}"; the model has ${names.join(', ')}`);
  }
}

/** Why rows may not run together; undefined where three different ones have given together what they give alone. */
async function findBatchingProblem(
  { queue, schema }: Loaded,
  rows: readonly CheckedRow[],
): Promise<string | undefined> {
  if (rows.length < 3) return 'no three different rows could be made to prove that rows may run together';
  try {
    const alone: Tensor[][] = [];
    for (const row of rows) alone.push(await queue.submit(preprocess([row], schema)));
    const together = await queue.submit(preprocess(rows, schema));
    if (sameTogether(together, alone)) return undefined;
    return 'rows run together give other answers than the same rows alone';
  } catch (error) {
    // A model that cannot run rows it was not made for still serves; one that dies of them does not.
    if (!(error instanceof RunFailedOnRowError)) throw error;
    return 'it could not be proven that rows run together give what they give alone';
  }
}

/** What signature and manifest say of batching; whether it holds is proven by `ModelVersion.prove`. */
function declaredBatching(signature: Signature, schema: RowSchema, { batching }: Manifest): Batching {
  if (batching === false) return { enabled: false, reason: '"batching" is false in model.json' };
  const dimension = rowDimension(signature);
  const tensors = [...signature.inputs, ...signature.outputs];
  const odd = tensors.find(({ shape }) => dimension === undefined || shape[0] !== dimension);
  if (odd)
    return { enabled: false, reason: `"${odd.name}" does not begin with the symbolic dimension that counts rows` };
  if (schema.fields.some(({ shape }) => shape.some((size) => typeof size === 'string'))) {
    return { enabled: false, reason: 'rows may differ in shape' };
  }
  return { enabled: true, maxBatchSize: batching?.maxBatchSize ?? DEFAULT_MAX_BATCH_SIZE };
}
