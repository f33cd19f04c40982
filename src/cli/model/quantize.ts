import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE_ROOT } from '../../platform/config/index.js';
import {
  resolveInStore,
  type ModelFiles,
  type ModelVersion,
  pinsOf,
  readModelFiles,
  type VersionEntry,
} from '../../serving/index.js';
import { type CommandContext, CommandError, formatSize, readArguments } from './command.js';
import { compareAnswers, compareSpeed, type Difference } from './compare.js';
import { describeBatching } from './in-words.js';
import { pythonWith, runPython } from './python-environment.js';
import { publishVersion, stageVersion, withEntry, withStaging } from './staging.js';
import { entryOf, findModel, findVersion, nextVersion, servingVersions, type StoredModel } from './stored-models.js';
import { type Candidate, ownAnswer, type Row, rowsToTry, withVersion } from './trial.js';

const PROJECT = fileURLToPath(new URL('../../', SOURCE_ROOT));
const PROGRAM = join(PROJECT, 'scripts/quantize/quantize.py');
const REQUIREMENTS = join(PROJECT, 'scripts/quantize/requirements.txt');
const CACHE = join(PROJECT, 'node_modules/.cache');

/** Makes the next version of a model with 8-bit weights, as a candidate, and says what it is worth. */
export async function quantize(args: string[], context: CommandContext): Promise<void> {
  const usage = 'quantize <name> [--version <n>]';
  const { values, positionals } = readArguments(args, { version: { type: 'string' } }, { min: 1, max: 1, usage });
  const model = await findModel(context.modelsDir, positionals[0] ?? '');
  const source = values.version === undefined ? servingVersions(model)[0] : findVersion(model, values.version);
  if (source === undefined) throw new CommandError(`The model "${model.name}" has no version to start from.`);
  const file = await resolveInStore(context.modelsDir, model.name, source, 'model.onnx').catch((error: Error) => {
    throw new CommandError(`${model.name}/${source}: ${error.message}`);
  });
  const full: Candidate = {
    name: `${model.name}/${source}`,
    version: source,
    file,
    manifest: model.manifest,
    settings: context.settings,
  };
  await withStaging(context.modelsDir, (staging) => {
    return withVersion(full, (loaded) => makeLighter(full, loaded, model, staging, context));
  });
}

async function makeLighter(
  full: Candidate,
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
  const pinned: VersionEntry = { sha256, ...(after.external.length > 0 ? { files } : {}), candidate: true };
  const light = { ...full, name: `${model.name}/${version}`, version, file };
  const example = await ownAnswer({ ...light, manifest: withEntry(model.manifest, version, pinned) });
  const entry = { ...pinned, ...(example ? { example } : {}) };
  await withVersion({ ...light, manifest: withEntry(model.manifest, version, entry) }, async (lighter) => {
    const lines = await compare(loaded, lighter, model);
    await publishVersion(join(staging, version), model.path, version, entry);
    context.say(`${light.name} is ${full.name} with 8-bit weights.`);
    context.say(`  size      ${formatSize(sizeOf(before))} → ${formatSize(sizeOf(after))}`);
    for (const line of lines) context.say(`  ${line}`);
    context.say(`  batching  ${describeBatching(lighter.batching)}`);
    if (example) context.say('  example   answered otherwise; its own answer is written down for it in model.json');
    promotion(model.name, version, context);
  });
}

/** Runs ONNX Runtime's own tool, on a copy that has been verified. */
async function convert(
  before: ModelFiles,
  name: string,
  staging: string,
  { say }: CommandContext,
): Promise<ModelFiles> {
  const python = await pythonWith(REQUIREMENTS, CACHE, say);
  const source = await stageVersion(join(staging, 'source'), before);
  const target = join(staging, 'target/model.onnx');
  await mkdir(join(staging, 'target'));
  const printed = await runPython(python, [PROGRAM, source, target], `${name} could not be quantized`);
  if ((JSON.parse(printed) as { quantized: number }).quantized === 0) {
    throw new CommandError(
      `${name} has no weights that could be made 8-bit: those are the matrices of neural networks, which a tree ensemble, ` +
        'for one, does not have. Nothing was written.',
    );
  }
  return readModelFiles(target, {});
}

async function compare(full: ModelVersion, light: ModelVersion, model: StoredModel): Promise<string[]> {
  const tried = rowsToTry(full);
  const [first] = tried;
  if (!first) return [];
  const fixture = await fixtureRows(model.path);
  const difference = await compareAnswers(full, light, [...tried, ...fixture]);
  const { runs, medians } = await compareSpeed([full, light], first);
  const [before, after] = medians.map((ms) => `${ms.toFixed(3)} ms`);
  const origin = `${tried.length} made from the example or the ranges${fixture.length > 0 ? `, ${fixture.length} of fixture.json` : ''}`;
  return [
    `speed     ${before} → ${after} a row, the medians of ${runs} runs each, made in turn`,
    `answers   to ${difference.rows} rows (${origin}): ${describeDifference(difference)}`,
  ];
}

/** The rows of `models/<name>/fixture.json`, where there is one: `{"rows":[{"input":{…}}]}`. */
async function fixtureRows(folder: string): Promise<Row[]> {
  const file = join(folder, 'fixture.json');
  const text = await readFile(file, 'utf8').catch(() => '{}');
  try {
    const { rows = [] } = JSON.parse(text) as { rows?: readonly { input?: Row }[] };
    return rows.flatMap(({ input }) => (input ? [input] : []));
  } catch (error) {
    throw new CommandError(`${file}: expected {"rows":[{"input":{…}}, …]}: ${(error as Error).message}`);
  }
}

function describeDifference({ rows, sameLabels, distance, scale }: Difference): string {
  const labels = sameLabels === undefined ? '' : `the same label for ${sameLabels} of ${rows}; `;
  const share = scale === 0 ? '' : `, ${((100 * distance) / scale).toPrecision(2)} % of the greatest`;
  return `${labels}numbers differ by at most ${distance.toPrecision(3)}${share}`;
}

function sizeOf({ model, external }: ModelFiles): number {
  return external.reduce((sum, { data }) => sum + data.length, model.length);
}

function promotion(name: string, version: string, { url, say }: CommandContext): void {
  say(
    `It is a candidate: ${url}/models/${name}/versions/${version}/predict answers with it, and nothing else does, until an`,
  );
  say('administrator chooses it, or somebody takes "candidate" out of model.json:');
  const body = JSON.stringify({ version });
  say(
    `  curl -X PUT ${url}/models/${name}/default -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -d '${body}'`,
  );
}
