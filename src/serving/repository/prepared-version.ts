import type { BatchQueue } from '../batching/batch-queue.js';
import type { Submission } from '../batching/queued-runs.js';
import type { TimedCaller } from '../caller.js';
import { type ImageInput, imageInputOf, signatureWithImage } from '../images/image-input.js';
import type { Example, Manifest } from '../manifest/manifest.js';
import { exampleOf } from '../manifest/version-manifest.js';
import { type Preprocess, preprocessorFor } from '../pipeline/preprocess.js';
import { type Respond, responderFor } from '../pipeline/respond.js';
import { type RowTrial, type RunRows, tryRows } from '../pipeline/row-trial.js';
import { OPEN_SIZES, rowOfMissing, selfTestRows } from '../pipeline/trial-rows.js';
import type { RuntimeOptions } from '../runtime/runtime-options.js';
import type { ServingSettings } from '../serving.settings.js';
import { checkFeatureValues } from '../signature/check-features.js';
import { type OutputFormat, outputFormatOf } from '../signature/output-format.js';
import { type CheckedRow, RowCheck } from '../signature/row-check.js';
import { type RowReadings, rowReadingsOf, withRowOutputs } from '../signature/row-readings.js';
import { batchDimension, type RowSchema, rowSchemaOf, SignatureError } from '../signature/row-schema.js';
import { RowValidator } from '../signature/row-validator.js';
import type { Signature } from '../signature/tensor.js';

/** The files of a version and how to run it. */
export interface LoadOptions extends RuntimeOptions {
  /** Path of its `reference.json`, if it has one. */
  readonly referenceFile?: string | undefined;
}

/** What a version is made from. */
export interface VersionSource {
  readonly manifest: Manifest;
  readonly version: string;
  readonly options: LoadOptions;
  readonly settings: ServingSettings;
  /** When the load must have ended, in milliseconds as `performance.now()` counts. */
  readonly deadline: number;
}

/** How requests become runs of a version, and its outputs predictions. */
export interface PreparedVersion {
  readonly queue: BatchQueue;
  /** With the dimension that counts rows, as trial runs have shown it. */
  readonly signature: Signature;
  readonly schema: RowSchema;
  /** How images become rows; undefined for a model that takes none. */
  readonly image: ImageInput | undefined;
  readonly validator: RowValidator;
  readonly preprocess: Preprocess;
  readonly format: OutputFormat;
  readonly respond: Respond;
  readonly example: { readonly expected: Example; readonly row: CheckedRow } | undefined;
}

/**
 * Prepares a version from its signature and manifest, and tries a few rows. Where the signature does not say which
 * dimension counts rows, the trial decides.
 *
 * @throws SignatureError where the manifest contradicts the signature
 */
export async function prepareVersion(
  own: Signature,
  source: VersionSource,
  queue: BatchQueue,
): Promise<{ readonly version: PreparedVersion; readonly trial: RowTrial }> {
  const readings = rowReadingsOf(own);
  if (!readings) return tried(prepare(own, source, queue), source);
  const [first, ...others] = fittingVersions([readings.shared, readings.apart, readings.whole], source, queue);
  if (first!.signature !== readings.shared) return tried(first!, source);
  const { trial } = await tried(first!, source);
  if (isForced(source)) return { version: first!, trial };
  const { signature, isTried } = decide(trial, readings);
  const version = fittingVersions([signature, readings.shared], source, queue)[0]!;
  return isTried || others.length === 0 ? { version, trial } : tried(version, source);
}

/** The reading that the runs of a few rows have shown, and whether they stand for it. */
function decide(trial: RowTrial, readings: RowReadings): { readonly signature: Signature; readonly isTried: boolean } {
  const { shared, apart, whole } = readings;
  const { independent, rowOutputs, problem } = trial;
  if (independent.size > 0 || problem !== undefined) {
    return { signature: withRowOutputs(shared, readings, rowOutputs), isTried: true };
  }
  const reading = rowOutputs.size > 0 ? withRowOutputs(apart, readings, rowOutputs) : whole;
  return { signature: reading, isTried: false };
}

/** A version for each signature that the manifest fits. @throws SignatureError, about the first one, where it fits none */
function fittingVersions(
  signatures: readonly Signature[],
  source: VersionSource,
  queue: BatchQueue,
): PreparedVersion[] {
  const errors: SignatureError[] = [];
  const versions = signatures.flatMap((signature) => {
    try {
      return prepare(signature, source, queue);
    } catch (error) {
      if (!(error instanceof SignatureError)) throw error;
      errors.push(error);
      return [];
    }
  });
  if (versions.length === 0) throw errors[0]!;
  return versions;
}

/** Checks the manifest against a signature, before the model runs. @throws SignatureError */
function prepare(
  signature: Signature,
  { manifest, version, settings }: VersionSource,
  queue: BatchQueue,
): PreparedVersion {
  const schema = rowSchemaOf(signatureWithImage(signature, manifest), manifest);
  const image = imageInputOf(schema, manifest);
  checkFeatureValues(schema, new RowCheck(settings.limits));
  const format = outputFormatOf(signature, manifest);
  const validator = new RowValidator(schema);
  const expected = exampleOf(manifest, version);
  return {
    queue,
    signature,
    schema,
    image,
    validator,
    preprocess: preprocessorFor(schema),
    format,
    respond: responderFor(format, signature),
    example: expected && { expected, row: checkExample(expected.input, validator, new RowCheck(settings.limits)) },
  };
}

function checkExample(input: Readonly<Record<string, unknown>>, validator: RowValidator, check: RowCheck): CheckedRow {
  const row = validator.check(input, ['example'], check);
  if (check.errors[0]) throw new SignatureError(`its example in model.json is wrong: ${check.errors[0].message}`);
  return row;
}

function isForced({ manifest: { batching } }: VersionSource): boolean {
  return batching !== undefined && batching !== false && batching.force === true;
}

/** Tries rows of several sizes, where sizes are open, until they run. */
async function tried(
  version: PreparedVersion,
  source: VersionSource,
): Promise<{ version: PreparedVersion; trial: RowTrial }> {
  const { schema, signature, example, queue } = version;
  const rows = batchDimension(signature);
  const canJoin = signature.inputs.every(({ shape }) => rows !== undefined && shape[0] === rows);
  let trial: RowTrial | undefined;
  for (const sizes of schema.isUniform || example ? OPEN_SIZES.slice(0, 1) : OPEN_SIZES) {
    const made = selfTestRows(schema, example?.row, sizes);
    const missing = rowOfMissing(schema, made[0] ?? [], sizes);
    const run: RunRows = (joined) => queue.submit(...submissionOf(joined, version, source));
    const next = await tryRows(made, missing ? [missing] : [], run, canJoin);
    trial ??= next;
    if (next.outputs.length === next.rows.length) return { version, trial: next };
  }
  return { version, trial: trial! };
}

/** A request's deadline does not apply to the self-test: its first run may be slow, and nobody waits for it. */
export function submissionOf(
  rows: readonly CheckedRow[],
  { preprocess }: PreparedVersion,
  { deadline }: VersionSource,
): [Submission, TimedCaller] {
  return [{ feeds: preprocess(rows), rows: rows.length, group: '' }, { deadline }];
}
