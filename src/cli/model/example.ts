import {
  exampleOf,
  isClose,
  type Manifest,
  manifestOfVersion,
  findMismatch,
  type Prediction,
  resultNames,
  type VersionEntry,
} from '../../serving/index.js';
import { predictRows, type Row, sampleRows, type VersionSource, withLoadedVersion } from './loaded-version.js';

/** Significant digits of a float32. */
const FLOAT32_DIGITS = 7;

/**
 * Makes an example for a manifest: a row with its prediction. The prediction is left out if two runs differ. Undefined if
 * the model fails on the row.
 *
 * @param given the row; one made from the ranges of the features unless given
 */
export async function createExample(source: VersionSource, given?: Row): Promise<Manifest['example']> {
  const [input, first, second] = await withLoadedVersion(source, async (version) => {
    const [row = {}] = given && !holdsLongInteger(given) ? [given] : sampleRows(version);
    return [row, ...(await predictRows(version, [row, row]).catch(() => []))];
  });
  if (!input || !first) return undefined;
  if (!isClose(first, second)) return { input };
  const { output } = manifestOfVersion(source.manifest, source.version);
  if (typeof first.value === 'number' && output?.value !== undefined)
    return { input, value: rounded(first.value) as number };
  // By output tensor rather than by label: it stays valid when labels are named later.
  const byOutput = await predictByOutput(source, input);
  if (!output) return { input, output: rounded(byOutput) as Row };
  const { label, probabilities, logits, sigmoid, value } = output;
  return { input, output: pick(byOutput, [label ?? probabilities ?? logits ?? sigmoid ?? value ?? '']) };
}

/**
 * The example entry that a version needs because its prediction for the model's example differs from the one in the manifest;
 * undefined if it does not differ.
 */
export async function versionExample(source: VersionSource): Promise<VersionEntry['example']> {
  const { manifest, version } = source;
  const example = exampleOf(manifest, version);
  if (!example) return undefined;
  const { label, value, output } = example;
  const prediction = await predictRow({ ...source, manifest: withoutExamples(manifest, version) }, example.input);
  const byOutput = output ? await predictByOutput(source, example.input) : {};
  if (findMismatch(prediction, byOutput, example) === undefined) return undefined;
  return {
    ...(label === undefined ? {} : { label: prediction.label }),
    ...(value === undefined ? {} : { value: rounded(prediction.value) as number }),
    ...(output === undefined ? {} : { output: pick(byOutput, Object.keys(output)) }),
  };
}

/** The manifest of a version without expected predictions, so that loading does not verify them. */
export function withoutExamples(manifest: Manifest, version: string): Manifest {
  return { ...manifestOfVersion(manifest, version), example: undefined, versions: undefined };
}

/** The raw output tensors by their own names: without a mapping, and without labels, from which one would be inferred. */
function predictByOutput(source: VersionSource, row: Row): Promise<Row> {
  const { manifest, version } = source;
  const unmapped = { ...withoutExamples(manifest, version), output: undefined, labels: undefined };
  return withLoadedVersion({ ...source, manifest: unmapped }, async (loaded) => {
    const [prediction = {}] = await predictRows(loaded, [row]);
    const names = resultNames(loaded.signature!.outputs.map(({ name }) => name));
    return Object.fromEntries([...names].map(([tensor, result]) => [tensor, prediction[result]]));
  });
}

async function predictRow(source: VersionSource, row: Row): Promise<Prediction> {
  const [first = {}] = await withLoadedVersion(source, (version) => predictRows(version, [row]));
  return first;
}

/** Whether model.json, which is plain JSON, could not hold the row exactly. */
function holdsLongInteger(row: Row): boolean {
  return Object.values(row).some((value) => [value].flat(Infinity).some((item) => typeof item === 'bigint'));
}

function pick(prediction: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, rounded(prediction[name])]));
}

/** Limits all numbers in a value to the precision of float32. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(FLOAT32_DIGITS));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]));
}
