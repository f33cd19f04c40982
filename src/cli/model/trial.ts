import {
  type CheckedRow,
  exampleOf,
  isClose,
  type Manifest,
  findMismatch,
  ModelVersion,
  type Prediction,
  RowCheck,
  runtimeOptionsOf,
  type ServingSettings,
  selfTestRows,
  type VersionEntry,
  VersionRecorder,
} from '../../serving/index.js';
import { CommandError } from './command.js';

/** A version's file, and what is said of it. */
export interface Candidate {
  /** As people know it: `iris/1`. */
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly manifest: Manifest;
  readonly settings: ServingSettings;
}

/** A row by the names of its fields. */
export type Row = Readonly<Record<string, unknown>>;

/** Loads a version as the application would, outside of it, for as long as `work` takes; throws why it cannot be served. */
export async function withVersion<T>(
  { name, version, file, manifest, settings }: Candidate,
  work: (version: ModelVersion) => Promise<T> | T,
): Promise<T> {
  const loaded = new ModelVersion({
    model: name,
    version,
    manifest,
    source: '',
    settings,
    recorder: new VersionRecorder(),
    resolveOptions: () => Promise.resolve(runtimeOptionsOf(manifest, version, file, settings)),
  });
  await loaded.start(new AbortController().signal);
  if (loaded.state !== 'ready') throw new CommandError(`${name}: ${loaded.reason ?? loaded.state}`);
  try {
    return await work(loaded);
  } finally {
    await loaded.stop();
  }
}

/** What a version answers to rows, one at a time; throws where a row is not one of its own. */
export async function answersOf(version: ModelVersion, rows: readonly Row[]): Promise<Prediction[]> {
  const answers: Prediction[] = [];
  for (const row of rows) answers.push(...(await version.predict([checkedRow(version, row)])));
  return answers;
}

export function checkedRow(version: ModelVersion, row: Row): CheckedRow {
  const check = new RowCheck(version.limits);
  const checked = version.check(row, ['row'], check);
  if (check.errors[0]) throw new CommandError(`A row does not fit: ${check.errors[0].message}.`);
  return checked;
}

/** Different rows that the version may be tried with: the manifest's example first, where there is one. */
export function rowsToTry(version: ModelVersion): Row[] {
  const { schema, manifest } = version;
  if (!schema) return [];
  const example = manifest.example && checkedRow(version, manifest.example.input);
  return selfTestRows(schema, example).map((row) => {
    return Object.fromEntries(schema.fields.map(({ name }, index) => [name, row[index]]));
  });
}

/**
 * A row that the model answers, with its answer; the answer is left out where it is another each time. Undefined where no
 * row that could be made up is answered.
 */
export async function makeExample(candidate: Candidate): Promise<Manifest['example']> {
  const [input, first, second] = await withVersion(candidate, async (version) => {
    const [row = {}] = rowsToTry(version);
    return [row, ...(await answersOf(version, [row, row]).catch(() => []))];
  });
  if (!input || !first) return undefined;
  if (!isClose(first, second)) return { input };
  const { output } = candidate.manifest;
  if (output?.value !== undefined) return { input, value: rounded(first.value) as number };
  if (!output) return { input, output: rounded(first) as Row };
  // Said by tensor, it stays true when somebody gives the labels names.
  const byName = await answerByName(candidate, input);
  return { input, output: pick(byName, [output.label ?? output.probabilities ?? output.logits ?? '']) };
}

/** What this version must say of its answer to the model's example, where that is not what the manifest says already. */
export async function ownAnswer(candidate: Candidate): Promise<VersionEntry['example']> {
  const { manifest, version } = candidate;
  const example = exampleOf(manifest, version);
  if (!example) return undefined;
  const { label, value, output } = example;
  const prediction = await answer({ ...candidate, manifest: withoutAnswers(manifest) }, example.input);
  const byName = output ? await answerByName(candidate, example.input) : {};
  if (findMismatch(prediction, byName, example) === undefined) return undefined;
  return {
    ...(label === undefined ? {} : { label: prediction.label }),
    ...(value === undefined ? {} : { value: rounded(prediction.value) as number }),
    ...(output === undefined ? {} : { output: pick(byName, Object.keys(output)) }),
  };
}

function answerByName(candidate: Candidate, row: Row): Promise<Prediction> {
  return answer({ ...candidate, manifest: { ...withoutAnswers(candidate.manifest), output: undefined } }, row);
}

async function answer(candidate: Candidate, row: Row): Promise<Prediction> {
  const [first = {}] = await withVersion(candidate, (version) => answersOf(version, [row]));
  return first;
}

/** A manifest that expects nothing of the model. */
export function withoutAnswers(manifest: Manifest): Manifest {
  return { ...manifest, example: undefined, versions: undefined };
}

function pick(prediction: Prediction, names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, rounded(prediction[name])]));
}

/** Numbers without the digits that float32 does not have, all the way down. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(7));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]));
}
