import {
  type CheckedRow,
  type Manifest,
  manifestOfVersion,
  ModelVersion,
  type Prediction,
  RowCheck,
  runtimeOptionsOf,
  type ServingSettings,
  selfTestRows,
  VersionRecorder,
} from '../../serving/index.js';
import { CommandError } from '../command-line.js';

/** A model file and how to load it. */
export interface VersionSource {
  /** For messages: `iris/1`. */
  readonly name: string;
  readonly version: string;
  readonly file: string;
  /** Of the model: the version is loaded with what the manifest says about it. */
  readonly manifest: Manifest;
  readonly settings: ServingSettings;
  /** Path of the `reference.json` to verify; none is verified unless given. */
  readonly referenceFile?: string | undefined;
}

/** Values by the name of their field. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Loads a version as the application does, but outside of it, and unloads it when `work` ends.
 *
 * @throws CommandError with the reason if the version cannot be served
 */
export async function withLoadedVersion<T>(
  { name, version, file, manifest, settings, referenceFile }: VersionSource,
  work: (version: ModelVersion) => Promise<T> | T,
): Promise<T> {
  const loaded = new ModelVersion({
    model: name,
    version,
    manifest: manifestOfVersion(manifest, version),
    source: '',
    settings,
    recorder: new VersionRecorder(),
    resolveOptions: () => Promise.resolve({ ...runtimeOptionsOf(manifest, version, file, settings), referenceFile }),
  });
  await loaded.start(new AbortController().signal);
  if (loaded.state !== 'ready') throw new CommandError(`${name}: ${loaded.reason ?? loaded.state}`);
  try {
    return await work(loaded);
  } finally {
    await loaded.stop();
  }
}

/** Predicts rows, one at a time. @throws CommandError for an invalid row */
export async function predictRows(version: ModelVersion, rows: readonly Row[]): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  for (const row of rows) predictions.push(...(await version.predict([validateRow(version, row)])));
  return predictions;
}

/** @throws CommandError */
export function validateRow(version: ModelVersion, row: Row): CheckedRow {
  const check = new RowCheck(version.limits);
  const checked = version.check(row, ['row'], check);
  if (check.errors[0]) throw new CommandError(`Invalid row: ${check.errors[0].message}.`);
  return checked;
}

/** Different valid rows for a version. The first is the example of the manifest, if there is one. */
export function sampleRows(version: ModelVersion): Row[] {
  const { schema, manifest } = version;
  if (!schema) return [];
  const example = manifest.example && validateRow(version, manifest.example.input);
  return selfTestRows(schema, example).map((row) => {
    return Object.fromEntries(schema.fields.map(({ name }, index) => [name, row[index]]));
  });
}
