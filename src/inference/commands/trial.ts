import type { InferenceSettings } from '../inference.settings.js';
import type { Manifest } from '../manifest/manifest.js';
import { preprocess } from '../pipeline/preprocess.js';
import { trialRows } from '../pipeline/prove.js';
import { type Prediction, respond } from '../pipeline/respond.js';
import type { Pins } from '../runtime/model-files.js';
import type { Signature } from '../runtime/tensor.js';
import { groupOf } from '../scheduler/batch.js';
import type { RowSchema } from '../signature/row-schema.js';
import { type CheckedRow, type InputLimits, RowCheck } from '../signature/row-validator.js';
import { type Batching, type Loaded, loadVersion } from '../store/load-version.js';
import { runtimeOptionsOf } from '../store/runtime-options-of.js';
import { CommandError } from './command.js';

/** What an idle runtime may take to end by itself. */
const IDLE_STOP_MS = 1_000;

/** A version's file, and what is said of it. */
export interface Candidate {
  /** As people know it: `iris/1`. */
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly manifest: Manifest;
  readonly settings: InferenceSettings;
}

/** A row by the names of its fields. */
export type Row = Readonly<Record<string, unknown>>;

/** A version that has been loaded outside the application, as the application would. */
export class TriedVersion {
  readonly manifest: Manifest;
  readonly schema: RowSchema;
  readonly signature: Signature;
  readonly batching: Batching;
  readonly pins: Required<Pins>;

  private readonly limits: InputLimits;

  constructor(
    private readonly loaded: Loaded,
    { manifest, settings }: Candidate,
  ) {
    this.manifest = manifest;
    this.limits = settings.limits;
    this.schema = loaded.schema;
    this.batching = loaded.batching;
    ({ signature: this.signature, pins: this.pins } = loaded.runtime);
  }

  /** Throws where the row is not one of the model's. */
  check(row: Row): CheckedRow {
    const check = new RowCheck(this.limits);
    const checked = this.loaded.validator.check(row, ['row'], check);
    if (check.errors[0]) throw new CommandError(`A row does not fit: ${check.errors[0].message}.`);
    return checked;
  }

  async predict(row: CheckedRow): Promise<Prediction> {
    const feeds = preprocess([row], this.schema);
    const outputs = await this.loaded.queue.submit({ feeds, rows: 1, group: groupOf(feeds) });
    return respond(outputs, 1, this.manifest, this.signature)[0] ?? {};
  }

  /** Answers to rows, one after another. */
  async predictEach(rows: readonly Row[]): Promise<Prediction[]> {
    const predictions: Prediction[] = [];
    for (const row of rows) predictions.push(await this.predict(this.check(row)));
    return predictions;
  }

  /** Different rows that it may be tried with: the manifest's example first, where there is one. */
  rowsToTry(): Row[] {
    const { schema, manifest } = this;
    const rows = trialRows(schema, manifest.example && this.check(manifest.example.input));
    return rows.map((row) => Object.fromEntries(schema.fields.map(({ name }, index) => [name, row[index]])));
  }
}

/** Loads a version for as long as `work` takes; throws why it cannot be served. */
export async function withVersion<T>(
  candidate: Candidate,
  work: (version: TriedVersion) => Promise<T> | T,
): Promise<T> {
  const { name, version, file, manifest, settings } = candidate;
  const options = runtimeOptionsOf(manifest, version, file, settings);
  const ignore = (): void => undefined;
  let loaded: Loaded;
  try {
    const events = { died: ignore, recovered: ignore, restartFailed: ignore };
    loaded = await loadVersion({ manifest, version, options, settings }, events, {}, new AbortController().signal);
  } catch (error) {
    throw new CommandError(`${name}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return await work(new TriedVersion(loaded, candidate));
  } finally {
    await loaded.runtime.stop(IDLE_STOP_MS);
  }
}
