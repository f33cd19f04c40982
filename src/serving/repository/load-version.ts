import { BatchQueue, type QueueObserver } from '../batching/batch-queue.js';
import type { BatchPolicy } from '../batching/batch.js';
import type { Manifest } from '../manifest/manifest.js';
import { findDecisionProblem } from '../pipeline/decision-check.js';
import { Predictor } from '../pipeline/predictor.js';
import { responderByTensor } from '../pipeline/respond.js';
import { batchingProblem, type RowTrial } from '../pipeline/row-trial.js';
import { findMismatch } from '../pipeline/self-test.js';
import { readReference } from '../reference/read-reference.js';
import { REFERENCE_FILE } from '../reference/reference.js';
import { type ReferenceSubject, verifyReference } from '../reference/verify-reference.js';
import type { RuntimeOptions } from '../runtime/runtime-options.js';
import { Runtime, type RuntimeEvents } from '../runtime/runtime.js';
import { ModelRunFailedError, RuntimeLostError } from '../serving.errors.js';
import type { ServingSettings } from '../serving.settings.js';
import type { CheckedRow } from '../signature/row-check.js';
import { batchDimension, type RowSchema } from '../signature/row-schema.js';
import type { Signature } from '../signature/tensor.js';
import { type PreparedVersion, prepareVersion, submissionOf, type VersionSource } from './prepared-version.js';

/** Whether rows share runs, or the reason why they do not. */
export type Batching =
  { readonly enabled: true; readonly maxBatchSize: number } | { readonly enabled: false; readonly reason: string };

/** The parts of a loaded version. */
export interface Loaded extends PreparedVersion {
  readonly runtime: Runtime;
  readonly batching: Batching;
  /** Whether no dimension of an input is symbolic, apart from the batch dimension. */
  readonly hasFixedShapes: boolean;
  /** A row for which the model has made a prediction. */
  readonly exampleRow: Readonly<Record<string, unknown>> | undefined;
}

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
    const { queueCapacity: capacity, loadTimeoutMs, deadlineMs } = source.settings;
    queue = new BatchQueue(runtime, { deadlineMs: loadTimeoutMs, capacity }, observer);
    const { version, trial } = await prepareVersion(runtime.signature, source, queue);
    const tested = await selfTest(version, trial, source);
    const loaded = { runtime, ...version, ...tested, hasFixedShapes: hasFixedShapes(version.signature) };
    await verifyReferenceFile(loaded, source);
    queue.limitRuns(deadlineMs);
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

async function selfTest(
  prepared: PreparedVersion,
  trial: RowTrial,
  source: VersionSource,
): Promise<Pick<Loaded, 'batching' | 'exampleRow'>> {
  const { queue, schema, image, signature, example } = prepared;
  if (example) await comparePrediction(prepared, example, source);
  checkPredictions(prepared, trial);
  const declared = declaredBatching(signature, source.manifest);
  const problem =
    'reason' in declared ? declared.reason : declared.isForced ? undefined : batchingProblem(trial, signature);
  if (problem === undefined && 'policy' in declared) queue.enableBatching(declared.policy);
  const { rows, outputs } = trial;
  return {
    batching: queue.batching
      ? { enabled: true, maxBatchSize: queue.batching.maxBatchSize }
      : { enabled: false, reason: problem ?? '' },
    // A generated image is long and shows nothing.
    exampleRow:
      example?.expected.input ?? (outputs.length > 0 && !image ? nameValues(schema, rows[0] ?? []) : undefined),
  };
}

/** @throws Error where the prediction for the example is not the expected one */
async function comparePrediction(
  version: PreparedVersion,
  { expected, row }: NonNullable<PreparedVersion['example']>,
  source: VersionSource,
): Promise<void> {
  const { queue, signature, respond } = version;
  const outputs = await queue.submit(...submissionOf([row], version, source));
  const [prediction = {}] = respond(outputs, 1);
  const [byName = {}] = responderByTensor(signature)(outputs, 1);
  const mismatch = findMismatch(prediction, byName, expected);
  if (mismatch !== undefined) throw new Error(mismatch);
}

/** @throws Error where the outputs of a self-test row make no prediction, or one that contradicts itself */
function checkPredictions({ respond, format }: PreparedVersion, { outputs }: RowTrial): void {
  const problem = findDecisionProblem(
    format,
    outputs.flatMap((run) => respond(run, 1)),
  );
  if (problem !== undefined) throw new Error(problem);
}

async function verifyReferenceFile(
  loaded: Loaded,
  { manifest, options, settings, deadline }: VersionSource,
): Promise<void> {
  if (options.referenceFile === undefined) return;
  const { validator, signature, batching } = loaded;
  const predictor = new Predictor(loaded, settings, undefined);
  const subject: ReferenceSubject = {
    manifest,
    signature,
    limits: settings.limits,
    batching,
    check: (...row) => validator.check(...row),
    predict: (rows) => predictor.predict(rows, { deadline }),
  };
  const reference = await readReference(options.referenceFile);
  await verifyReference(reference, subject, { rows: REFERENCE_ROWS_AT_LOAD, source: REFERENCE_FILE });
}

function nameValues({ fields }: RowSchema, row: CheckedRow): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name }, index) => [name, row[index]]));
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
