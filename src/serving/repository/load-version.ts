import { BatchQueue, type QueueObserver } from '../batching/batch-queue.js';
import type { BatchPolicy } from '../batching/batch.js';
import type { Submission } from '../batching/queued-runs.js';
import type { TimedCaller } from '../caller.js';
import { type ImageInput, imageInputOf, signatureWithImage } from '../images/image-input.js';
import type { Example, Manifest } from '../manifest/manifest.js';
import { exampleOf } from '../manifest/version-manifest.js';
import { Predictor } from '../pipeline/predictor.js';
import { type Preprocess, preprocessorFor } from '../pipeline/preprocess.js';
import { findDecisionProblem } from '../pipeline/decision-check.js';
import { type Respond, responderByTensor, responderFor } from '../pipeline/respond.js';
import { findMismatch, matchesSingleRuns, rowOfMissing, selfTestRows } from '../pipeline/self-test.js';
import { readReference } from '../reference/read-reference.js';
import { REFERENCE_FILE } from '../reference/reference.js';
import { type ReferenceSubject, verifyReference } from '../reference/verify-reference.js';
import type { RuntimeOptions } from '../runtime/runtime-options.js';
import { Runtime, type RuntimeEvents } from '../runtime/runtime.js';
import { ModelRunFailedError, RuntimeLostError } from '../serving.errors.js';
import type { ServingSettings } from '../serving.settings.js';
import { checkFeatureValues } from '../signature/check-features.js';
import { batchDimension, type RowSchema, rowSchemaOf, SignatureError } from '../signature/row-schema.js';
import { type OutputFormat, outputFormatOf } from '../signature/output-format.js';
import { type CheckedRow, RowCheck } from '../signature/row-check.js';
import { RowValidator } from '../signature/row-validator.js';
import type { Signature, Tensor } from '../signature/tensor.js';

/** Whether rows share runs, or the reason why they do not. */
export type Batching =
  { readonly enabled: true; readonly maxBatchSize: number } | { readonly enabled: false; readonly reason: string };

/** The parts of a loaded version. */
export interface Loaded {
  readonly runtime: Runtime;
  readonly queue: BatchQueue;
  readonly schema: RowSchema;
  /** How images become rows; undefined for a model that takes none. */
  readonly image: ImageInput | undefined;
  readonly validator: RowValidator;
  readonly preprocess: Preprocess;
  readonly format: OutputFormat;
  readonly respond: Respond;
  readonly batching: Batching;
  /** Whether no dimension of an input is symbolic, apart from the batch dimension. */
  readonly hasFixedShapes: boolean;
  /** A row for which the model has made a prediction. */
  readonly exampleRow: Readonly<Record<string, unknown>> | undefined;
}

/** The files of a version and how to run it. */
export interface LoadOptions extends RuntimeOptions {
  /** Path of its `reference.json`, if it has one. */
  readonly referenceFile?: string | undefined;
}

/** What a version is made from. */
interface VersionSource {
  readonly manifest: Manifest;
  readonly version: string;
  readonly options: LoadOptions;
  readonly settings: ServingSettings;
  /** When the load must have ended, in milliseconds as `performance.now()` counts. */
  readonly deadline: number;
}

/** A version before its self-test. */
type UntestedVersion = Omit<Loaded, 'batching' | 'hasFixedShapes' | 'exampleRow'> & {
  readonly manifest: Manifest;
  readonly version: string;
  readonly settings: ServingSettings;
  readonly deadline: number;
};

const DEFAULT_MAX_BATCH_SIZE = 256;
/** `npm run model -- check` verifies the others. */
const REFERENCE_ROWS_AT_LOAD = 100;

/** How the manifest says that a version runs, with the expected hashes of its files. */
export function runtimeOptionsOf(
  { runtime = {}, versions }: Manifest,
  version: string,
  file: string,
  { maxResponseElements, loadTimeoutMs }: ServingSettings,
): RuntimeOptions {
  const { threads = 1, providers = ['cpu'], memoryMb = 1_024 } = runtime;
  const { sha256, files } = versions?.[version] ?? {};
  return { file, sha256, files, threads, providers, memoryMb, maxResponseElements, loadTimeoutMs };
}

/**
 * Starts the runtime of a version, warms it up, and self-tests it: the model's prediction for its example, whether a
 * batch gives the same outputs as single runs, and its predictions for reference rows.
 *
 * @throws Error with a message for the operator; no process is left behind
 */
export async function loadVersion(
  source: VersionSource,
  events: RuntimeEvents,
  observer: QueueObserver,
  signal: AbortSignal,
): Promise<Loaded> {
  let queue: BatchQueue | undefined;
  const recovered = (): void => {
    queue?.resume();
    events.recovered();
  };
  const runtime = await Runtime.start(source.options, { ...events, recovered }, signal);
  try {
    const untested = prepare(runtime, source, observer);
    ({ queue } = untested);
    const loaded = { ...untested, ...(await selfTest(untested)), hasFixedShapes: hasFixedShapes(runtime.signature) };
    await verifyReferenceFile(loaded, source);
    queue.limitRuns(source.settings.deadlineMs);
    return loaded;
  } catch (error) {
    await runtime.stop(0);
    const isFailedRun = error instanceof ModelRunFailedError || error instanceof RuntimeLostError;
    throw isFailedRun
      ? new Error(`it cannot run its own example: ${(error.cause as Error).message}`, { cause: error })
      : error;
  }
}

function hasFixedShapes({ inputs }: Signature): boolean {
  return inputs.every(({ shape }) => shape.slice(1).every((size) => typeof size === 'number'));
}

/** Checks the manifest against the signature, before the model runs. @throws SignatureError */
function prepare(
  runtime: Runtime,
  { manifest, version, settings, deadline }: VersionSource,
  observer: QueueObserver,
): UntestedVersion {
  const schema = rowSchemaOf(signatureWithImage(runtime.signature, manifest), manifest);
  const image = imageInputOf(schema, manifest);
  checkFeatureValues(schema, new RowCheck(settings.limits));
  const format = outputFormatOf(runtime.signature, manifest);
  const queue = new BatchQueue(
    runtime,
    { deadlineMs: settings.loadTimeoutMs, capacity: settings.queueCapacity },
    observer,
  );
  const validator = new RowValidator(schema);
  const [preprocess, respond] = [preprocessorFor(schema), responderFor(format, runtime.signature)];
  return {
    runtime,
    queue,
    schema,
    image,
    manifest,
    version,
    validator,
    preprocess,
    format,
    respond,
    settings,
    deadline,
  };
}

async function selfTest(untested: UntestedVersion): Promise<Pick<Loaded, 'batching' | 'exampleRow'>> {
  const { queue, schema, image, runtime, manifest, validator, settings } = untested;
  const example = exampleOf(manifest, untested.version);
  const exampleRow = example && checkExample(example.input, validator, new RowCheck(settings.limits));
  if (example && exampleRow) await comparePrediction(untested, example, exampleRow);
  const singleRuns = await runRowsSingly(untested, exampleRow);
  checkPredictions(untested, singleRuns);
  const declared = declaredBatching(runtime.signature, manifest);
  const problem =
    'reason' in declared ? declared.reason : await findBatchingProblem(untested, declared.isForced, singleRuns);
  if (problem === undefined && 'policy' in declared) queue.enableBatching(declared.policy);
  const { rows, outputs } = singleRuns;
  return {
    batching: queue.batching
      ? { enabled: true, maxBatchSize: queue.batching.maxBatchSize }
      : { enabled: false, reason: problem ?? '' },
    // A generated image is long and shows nothing.
    exampleRow: example?.input ?? (outputs.length > 0 && !image ? nameValues(schema, rows[0] ?? []) : undefined),
  };
}

/** @throws Error where the prediction for the example is not the expected one */
async function comparePrediction(untested: UntestedVersion, example: Example, row: CheckedRow): Promise<void> {
  const { queue, runtime, respond } = untested;
  const outputs = await queue.submit(...submissionOf([row], untested));
  const [prediction = {}] = respond(outputs, 1);
  const [byName = {}] = responderByTensor(runtime.signature)(outputs, 1);
  const mismatch = findMismatch(prediction, byName, example);
  if (mismatch !== undefined) throw new Error(mismatch);
}

/** Self-test rows, and the outputs of a run for each of them; fewer outputs than rows if a run failed. */
interface SingleRuns {
  readonly rows: readonly CheckedRow[];
  readonly outputs: readonly (readonly Tensor[])[];
}

/** Warms the model up. A model that fails on generated rows may be served; a model whose runtime dies of them may not. */
async function runRowsSingly(untested: UntestedVersion, example: CheckedRow | undefined): Promise<SingleRuns> {
  const { queue, schema } = untested;
  const rows = selfTestRows(schema, example);
  const outputs: Tensor[][] = [];
  try {
    for (const row of rows) outputs.push(await queue.submit(...submissionOf([row], untested)));
  } catch (error) {
    if (!(error instanceof ModelRunFailedError)) throw error;
  }
  return { rows, outputs };
}

/** @throws Error where the outputs of a self-test row make no prediction, or one that contradicts itself */
function checkPredictions({ respond, format }: UntestedVersion, { outputs }: SingleRuns): void {
  const problem = findDecisionProblem(
    format,
    outputs.flatMap((run) => respond(run, 1)),
  );
  if (problem !== undefined) throw new Error(problem);
}

/**
 * The reason against batching; undefined if a batch of three different rows, and one in which values are missing,
 * gives the same outputs as single runs.
 */
async function findBatchingProblem(
  untested: UntestedVersion,
  isForced: boolean,
  { rows, outputs }: SingleRuns,
): Promise<string | undefined> {
  if (isForced) return undefined;
  if (rows.length < 3) return 'no three different rows could be made to prove that rows may run together';
  const unproven = 'it could not be proven that rows run together give what they give alone';
  if (outputs.length < rows.length) return unproven;
  try {
    const missing = await runRowOfMissing(untested, rows[0] ?? []);
    const batch = await untested.queue.submit(...submissionOf([...rows, ...missing.rows], untested));
    if (matchesSingleRuns(batch, [...outputs, ...missing.outputs])) return undefined;
    return 'rows run together give other answers than the same rows alone';
  } catch (error) {
    if (!(error instanceof ModelRunFailedError)) throw error;
    return unproven;
  }
}

async function verifyReferenceFile(loaded: Loaded, { options, settings, deadline }: VersionSource): Promise<void> {
  if (options.referenceFile === undefined) return;
  const { validator, batching } = loaded;
  const predictor = new Predictor(loaded, settings, undefined);
  const subject: ReferenceSubject = {
    limits: settings.limits,
    batching,
    check: (...row) => validator.check(...row),
    predict: (rows) => predictor.predict(rows, { deadline }),
  };
  const reference = await readReference(options.referenceFile);
  await verifyReference(reference, subject, { rows: REFERENCE_ROWS_AT_LOAD, source: REFERENCE_FILE });
}

/** Runs the row without what may be missing in it; empty where nothing may, or the model fails on it. */
async function runRowOfMissing(untested: UntestedVersion, row: CheckedRow): Promise<SingleRuns> {
  const missing = rowOfMissing(untested.schema, row);
  if (!missing) return { rows: [], outputs: [] };
  try {
    return { rows: [missing], outputs: [await untested.queue.submit(...submissionOf([missing], untested))] };
  } catch (error) {
    if (error instanceof ModelRunFailedError) return { rows: [], outputs: [] };
    throw error;
  }
}

/** A request's deadline does not apply to the self-test: its first run may be slow, and nobody waits for it. */
function submissionOf(
  rows: readonly CheckedRow[],
  { preprocess, deadline }: UntestedVersion,
): [Submission, TimedCaller] {
  return [{ feeds: preprocess(rows), rows: rows.length, group: '' }, { deadline }];
}

function nameValues({ fields }: RowSchema, row: CheckedRow): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name }, index) => [name, row[index]]));
}

function checkExample(input: Readonly<Record<string, unknown>>, validator: RowValidator, check: RowCheck): CheckedRow {
  const row = validator.check(input, ['example'], check);
  if (check.errors[0]) throw new SignatureError(`its example in model.json is wrong: ${check.errors[0].message}`);
  return row;
}

/** The batching that signature and manifest allow; it has to pass the self-test, unless the manifest forces it. */
function declaredBatching(
  signature: Signature,
  { batching }: Manifest,
): { readonly reason: string } | { readonly policy: BatchPolicy; readonly isForced: boolean } {
  if (batching === false) return { reason: '"batching" is false in model.json' };
  const dimension = batchDimension(signature);
  const tensors = [...signature.inputs, ...signature.outputs];
  const unbatched = tensors.find(({ shape }) => dimension === undefined || shape[0] !== dimension);
  if (unbatched) return { reason: `"${unbatched.name}" does not begin with the symbolic dimension that counts rows` };
  const { maxBatchSize = DEFAULT_MAX_BATCH_SIZE, maxWaitMs = 0, force = false } = batching ?? {};
  return { policy: { maxBatchSize, maxWaitMs }, isForced: force };
}
