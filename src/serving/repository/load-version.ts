import { ModelRunFailedError, RuntimeLostError } from '../serving.errors.js';
import type { Submission } from '../batching/queued-run.js';
import type { TimedCaller } from '../caller.js';
import type { ServingSettings } from '../serving.settings.js';
import { type ImageInput, imageInputOf, signatureWithImage } from '../images/image-input.js';
import { type Example, exampleOf, type Manifest } from '../manifest/manifest.js';
import { type Preprocess, preprocessorFor } from '../pipeline/preprocess.js';
import { findMismatch, matchesSingleRuns, selfTestRows } from '../pipeline/self-test.js';
import { type Respond, responderByName, responderFor } from '../pipeline/respond.js';
import { Runtime, type RuntimeEvents } from '../runtime/runtime.js';
import type { RuntimeOptions } from '../runtime/runtime-options.js';
import type { Signature, Tensor } from '../signature/tensor.js';
import { BatchQueue, type BatchPolicy, type QueueObserver } from '../batching/batch-queue.js';
import { batchDimension, type RowSchema, rowSchemaOf, SignatureError } from '../signature/row-schema.js';
import { type CheckedRow, RowCheck } from '../signature/row-check.js';
import { RowValidator, wrongDefault } from '../signature/row-validator.js';

/** Whether several rows go into one run, and if not, why. */
export type Batching =
  { readonly enabled: true; readonly maxBatchSize: number } | { readonly enabled: false; readonly reason: string };

/** What a version is once it has loaded. */
export interface Loaded {
  readonly runtime: Runtime;
  readonly queue: BatchQueue;
  readonly schema: RowSchema;
  /** How pictures become rows, where it takes them. */
  readonly image: ImageInput | undefined;
  readonly validator: RowValidator;
  readonly preprocess: Preprocess;
  readonly respond: Respond;
  readonly batching: Batching;
  /** Whether every input has one shape, apart from the number of rows. */
  readonly hasFixedShapes: boolean;
  /** A row that the model has answered. */
  readonly exampleRow: Readonly<Record<string, unknown>> | undefined;
}

interface Place {
  readonly manifest: Manifest;
  readonly version: string;
  readonly options: RuntimeOptions;
  readonly settings: ServingSettings;
}

type Prepared = Omit<Loaded, 'batching' | 'hasFixedShapes' | 'exampleRow'> & {
  readonly manifest: Manifest;
  readonly version: string;
  readonly settings: ServingSettings;
};

const DEFAULT_MAX_BATCH_SIZE = 256;

/**
 * Loads a version, warms it up, checks its answer to its own example, and that rows together give what they give alone.
 * Throws with the reason in words for the operator, and leaves no process behind.
 */
export async function loadVersion(
  place: Place,
  events: RuntimeEvents,
  observer: QueueObserver,
  signal: AbortSignal,
): Promise<Loaded> {
  let queue: BatchQueue | undefined;
  const recovered = (): void => {
    queue?.resume();
    events.recovered();
  };
  const runtime = await Runtime.start(place.options, { ...events, recovered }, signal);
  try {
    const prepared = prepare(runtime, place, observer);
    ({ queue } = prepared);
    return { ...prepared, ...(await prove(prepared)), hasFixedShapes: hasFixedShapes(runtime.signature) };
  } catch (error) {
    await runtime.stop(0);
    const isOfTrial = error instanceof ModelRunFailedError || error instanceof RuntimeLostError;
    throw isOfTrial
      ? new Error(`it cannot run its own example: ${(error.cause as Error).message}`, { cause: error })
      : error;
  }
}

function hasFixedShapes({ inputs }: Signature): boolean {
  return inputs.every(({ shape }) => shape.slice(1).every((size) => typeof size === 'number'));
}

/** What can be known before the model runs: rows, checks, and whether the manifest fits the signature at all. */
function prepare(runtime: Runtime, { manifest, version, settings }: Place, observer: QueueObserver): Prepared {
  const schema = rowSchemaOf(signatureWithImage(runtime.signature, manifest), manifest);
  const image = imageInputOf(schema, manifest);
  const wrong = wrongDefault(schema, new RowCheck(settings.limits));
  if (wrong) throw new SignatureError(`a default in model.json is wrong: ${wrong.message}`);
  checkOutputs(runtime.signature, manifest);
  const queue = new BatchQueue(
    runtime,
    { deadlineMs: settings.deadlineMs, capacity: settings.queueCapacity },
    observer,
  );
  const validator = new RowValidator(schema);
  const [preprocess, respond] = [preprocessorFor(schema), responderFor(manifest, runtime.signature)];
  return { runtime, queue, schema, image, manifest, version, validator, preprocess, respond, settings };
}

async function prove(prepared: Prepared): Promise<Pick<Loaded, 'batching' | 'exampleRow'>> {
  const { queue, schema, image, runtime, manifest, validator, settings } = prepared;
  const example = exampleOf(manifest, prepared.version);
  const exampleRow = example && checkExample(example.input, validator, new RowCheck(settings.limits));
  if (example && exampleRow) await proveExample(prepared, example, exampleRow);
  const trial = await tryAlone(prepared, exampleRow);
  const declared = declaredBatching(runtime.signature, manifest);
  const problem =
    'reason' in declared ? declared.reason : await findBatchingProblem(prepared, declared.isForced, trial);
  if (problem === undefined && 'rule' in declared) queue.enableBatching(declared.rule);
  return {
    batching: queue.batching
      ? { enabled: true, maxBatchSize: queue.batching.maxBatchSize }
      : { enabled: false, reason: problem ?? '' },
    // Nobody learns anything from a picture that was made up, and it is long.
    exampleRow: example?.input ?? (trial.alone.length > 0 && !image ? named(schema, trial.rows[0] ?? []) : undefined),
  };
}

async function proveExample(prepared: Prepared, example: Example, row: CheckedRow): Promise<void> {
  const { queue, runtime, respond } = prepared;
  const outputs = await queue.submit(...submissionOf([row], prepared));
  const [answer = {}] = respond(outputs, 1);
  const [byName = {}] = responderByName(runtime.signature)(outputs, 1);
  const difference = findMismatch(answer, byName, example);
  if (difference !== undefined) throw new Error(difference);
}

/** Rows to try a model with, and what it answered to each alone. */
interface Trial {
  readonly rows: readonly CheckedRow[];
  readonly alone: readonly (readonly Tensor[])[];
}

/** Warms the model up. One that cannot run rows it was not made for still serves; one that dies of them does not. */
async function tryAlone(prepared: Prepared, example: CheckedRow | undefined): Promise<Trial> {
  const { queue, schema } = prepared;
  const rows = selfTestRows(schema, example);
  const alone: Tensor[][] = [];
  try {
    for (const row of rows) alone.push(await queue.submit(...submissionOf([row], prepared)));
  } catch (error) {
    if (!(error instanceof ModelRunFailedError)) throw error;
  }
  return { rows, alone };
}

/** Why rows may not run together; undefined where three different ones have given together what they give alone. */
async function findBatchingProblem(
  prepared: Prepared,
  isForced: boolean,
  { rows, alone }: Trial,
): Promise<string | undefined> {
  if (isForced) return undefined;
  if (rows.length < 3) return 'no three different rows could be made to prove that rows may run together';
  const unproven = 'it could not be proven that rows run together give what they give alone';
  if (alone.length < rows.length) return unproven;
  try {
    const together = await prepared.queue.submit(...submissionOf(rows, prepared));
    if (matchesSingleRuns(together, alone)) return undefined;
    return 'rows run together give other answers than the same rows alone';
  } catch (error) {
    if (!(error instanceof ModelRunFailedError)) throw error;
    return unproven;
  }
}

function submissionOf(rows: readonly CheckedRow[], { preprocess, queue }: Prepared): [Submission, TimedCaller] {
  return [{ feeds: preprocess(rows), rows: rows.length, group: '' }, { deadline: queue.deadlineIn() }];
}

function named({ fields }: RowSchema, row: CheckedRow): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name }, index) => [name, row[index]]));
}

function checkExample(input: Readonly<Record<string, unknown>>, validator: RowValidator, check: RowCheck): CheckedRow {
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

/** What signature and manifest say of batching; whether it holds has to be proven, unless the manifest forces it. */
function declaredBatching(
  signature: Signature,
  { batching }: Manifest,
): { readonly reason: string } | { readonly rule: BatchPolicy; readonly isForced: boolean } {
  if (batching === false) return { reason: '"batching" is false in model.json' };
  const dimension = batchDimension(signature);
  const tensors = [...signature.inputs, ...signature.outputs];
  const odd = tensors.find(({ shape }) => dimension === undefined || shape[0] !== dimension);
  if (odd) return { reason: `"${odd.name}" does not begin with the symbolic dimension that counts rows` };
  const { maxBatchSize = DEFAULT_MAX_BATCH_SIZE, maxWaitMs = 0, force = false } = batching ?? {};
  return { rule: { maxBatchSize, maxWaitMs }, isForced: force };
}
