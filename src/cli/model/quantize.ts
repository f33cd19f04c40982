import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText } from '../../platform/config/index.js';
import {
  resolveInStore,
  type ModelFiles,
  type ModelVersion,
  pinsOf,
  readModelFiles,
  type VersionEntry,
} from '../../serving/index.js';
import { CommandError, parseArguments } from '../command-line.js';
import type { CommandContext } from './command-context.js';
import { comparePredictions, compareSpeed, type PredictionDifference } from './compare-versions.js';
import { versionExample } from './example.js';
import { describeBatching, formatBytes } from './format.js';
import { type Row, sampleRows, type VersionSource, withLoadedVersion } from './loaded-version.js';
import { publishVersion } from './publish.js';
import { PROJECT_ROOT } from './project-root.js';
import { pythonWith, runPython } from './python-environment.js';
import { stageVersion, withStagingFolder } from './staging-folder.js';
import { entryOf, findModel, findVersion, nextVersion, servingVersions, type StoredModel } from './stored-models.js';
import { mergeVersionEntry } from './update-manifest.js';

const SCRIPT = join(PROJECT_ROOT, 'scripts/quantize/quantize.py');
const REQUIREMENTS = join(PROJECT_ROOT, 'scripts/quantize/requirements.txt');
const CACHE = join(PROJECT_ROOT, 'node_modules/.cache');

/**
 * `npm run model -- quantize`: makes the next version of a model with 8-bit weights, as a candidate, and prints how its size, speed
 * and predictions compare.
 */
export async function quantize(args: string[], context: CommandContext): Promise<void> {
  const expected = 'Expected: npm run model -- quantize <name> [--version <n>]';
  const options = { version: { type: 'string' } } as const;
  const { values, positionals } = parseArguments(args, options, { min: 1, max: 1, expected });
  const model = await findModel(context.modelsDir, positionals[0] ?? '');
  const source = values.version === undefined ? servingVersions(model)[0] : findVersion(model, values.version);
  if (source === undefined) throw new CommandError(`The model "${model.name}" has no version to start from.`);
  const file = await resolveInStore(context.modelsDir, model.name, source, 'model.onnx').catch((error: Error) => {
    throw new CommandError(`${model.name}/${source}: ${error.message}`);
  });
  const full: VersionSource = {
    name: `${model.name}/${source}`,
    version: source,
    file,
    manifest: model.manifest,
    settings: context.settings,
  };
  await withStagingFolder(context.modelsDir, (staging) => {
    return withLoadedVersion(full, (loaded) => addQuantized(full, loaded, model, staging, context));
  });
}

async function addQuantized(
  full: VersionSource,
  loaded: ModelVersion,
  model: StoredModel,
  staging: string,
  context: CommandContext,
): Promise<void> {
  const before = readModelFiles(full.file, entryOf(model.manifest, full.version));
  const after = await convert(before, full.name, staging, context);
  const version = nextVersion(model);
  const file = await stageVersion(join(staging, version), after);
  const { sha256, files } = pinsOf(after);
  const { features, labels, output, example: given } = entryOf(model.manifest, full.version);
  const weights = after.external.length > 0 ? { files } : {};
  // Undefined where the version has none of its own.
  const pinned: VersionEntry = { sha256, ...weights, candidate: true, features, labels, output, example: given };
  const quantized = { ...full, name: `${model.name}/${version}`, version, file };
  const example = await versionExample({
    ...quantized,
    manifest: mergeVersionEntry(model.manifest, version, pinned),
  });
  const entry = { ...pinned, ...(example ? { example: { ...given, ...example } } : {}) };
  const manifest = mergeVersionEntry(model.manifest, version, entry);
  await withLoadedVersion({ ...quantized, manifest }, async (light) => {
    const lines = await compare(loaded, light, model);
    await publishVersion(join(staging, version), model.path, version, entry);
    context.print(`${quantized.name} is ${full.name} with 8-bit weights.`);
    context.print(`  size      ${formatBytes(sizeOf(before))} → ${formatBytes(sizeOf(after))}`);
    for (const line of lines) context.print(`  ${line}`);
    context.print(`  batching  ${describeBatching(light.batching)}`);
    if (example) context.print('  example   the prediction differs; model.json has that of this version');
    printPromotion(model.name, version, context);
  });
}

/** Runs ONNX Runtime's quantization tool on a copy of files whose hashes have been verified. */
async function convert(
  before: ModelFiles,
  name: string,
  staging: string,
  { print }: CommandContext,
): Promise<ModelFiles> {
  const python = await pythonWith(REQUIREMENTS, CACHE, print);
  const source = await stageVersion(join(staging, 'source'), before);
  const target = join(staging, 'target/model.onnx');
  await mkdir(join(staging, 'target'));
  const printed = await runPython(python, [SCRIPT, source, target], `${name} could not be quantized`);
  if ((JSON.parse(printed) as { quantized: number }).quantized === 0) {
    throw new CommandError(
      `${name} has no weights that could be made 8-bit: only the matrices of neural networks can, and a tree ensemble, ` +
        'for example, has none. Nothing was written.',
    );
  }
  return readModelFiles(target, {});
}

async function compare(full: ModelVersion, light: ModelVersion, model: StoredModel): Promise<string[]> {
  const samples = sampleRows(full);
  const [first] = samples;
  if (!first) return [];
  const fixture = await fixtureRows(model.path);
  const difference = await comparePredictions(full, light, [...samples, ...fixture]);
  const { runs, medians } = await compareSpeed([full, light], first);
  const [before, after] = medians.map((ms) => `${ms.toFixed(3)} ms`);
  const fromFixture = fixture.length > 0 ? `, ${fixture.length} of fixture.json` : '';
  const origin = `${samples.length} made from the example or the ranges${fromFixture}`;
  return [
    `speed     ${before} → ${after} a row, medians of ${runs} alternating runs each`,
    `compared  ${difference.rows} rows (${origin}): ${describeDifference(difference)}`,
  ];
}

/** The rows of the optional `models/<name>/fixture.json`: `{"rows":[{"input":{…}}]}`. */
async function fixtureRows(folder: string): Promise<Row[]> {
  const file = join(folder, 'fixture.json');
  const text = await readFile(file).then(decodeText, () => '{}');
  try {
    const { rows = [] } = JSON.parse(text) as { rows?: readonly { input?: Row }[] };
    return rows.flatMap(({ input }) => (input ? [input] : []));
  } catch (error) {
    throw new CommandError(`${file}: expected {"rows":[{"input":{…}}, …]}: ${(error as Error).message}`);
  }
}

function describeDifference({ rows, sameLabels, distance, scale }: PredictionDifference): string {
  const labels = sameLabels === undefined ? '' : `the same label for ${sameLabels} of ${rows}; `;
  const share = scale === 0 ? '' : `, ${((100 * distance) / scale).toPrecision(2)} % of the greatest`;
  return `${labels}numbers differ by at most ${distance.toPrecision(3)}${share}`;
}

function sizeOf({ model, external }: ModelFiles): number {
  return external.reduce((sum, { data }) => sum + data.length, model.length);
}

function printPromotion(name: string, version: string, { url, print }: CommandContext): void {
  print(`It is a candidate: only ${url}/models/${name}/versions/${version}/predict uses it, until an administrator`);
  print('makes it the default version, or you remove "candidate" from model.json:');
  const body = JSON.stringify({ version });
  print(
    `  curl -X PUT ${url}/models/${name}/default -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d '${body}'`,
  );
}
