import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  formatManifest,
  inputSchema,
  MODEL_NAME,
  type ModelFiles,
  type ModelVersion,
  outputSchema,
  pinsOf,
  readModelFiles,
  scanModels,
  VERSION,
  type VersionEntry,
  writeSynced,
} from '../../serving/index.js';
import { type CommandContext, CommandError, formatSize, readArguments } from './command.js';
import { draftManifest } from './draft-manifest.js';
import { curlOf, describeBatching, listNames } from './in-words.js';
import { publishModel, publishVersion, stageVersion, withEntry, withStaging } from './staging.js';
import { entryOf, nextVersion, openModel, servingVersions, type StoredModel } from './stored-models.js';
import { type Candidate, makeExample, ownAnswer, withoutAnswers, withVersion } from './trial.js';

const OPTIONS = { name: { type: 'string' }, version: { type: 'string' }, 'own-answer': { type: 'boolean' } } as const;
const USAGE = 'add <file.onnx> --name <name> [--version <n>] [--own-answer]';

/** What is to be added, and as what. */
interface Addition {
  readonly name: string;
  readonly version: string;
  readonly files: ModelFiles;
  /** Whether it may answer the model's example with an answer of its own. */
  readonly mayAnswerOtherwise: boolean;
}

/** Puts a model into the store, as a new model or as a new version of one that is there. */
export async function add(args: string[], context: CommandContext): Promise<void> {
  const { values, positionals } = readArguments(args, OPTIONS, { min: 1, max: 1, usage: USAGE });
  const [file = ''] = positionals;
  const name = checkName(values.name, file);
  const existing = await findExisting(context.modelsDir, name);
  const version = checkVersion(values.version ?? (existing ? nextVersion(existing) : '1'), existing);
  const addition = { name, version, files: await readSource(file), mayAnswerOtherwise: values['own-answer'] ?? false };
  await withStaging(context.modelsDir, (staging) => {
    return existing ? addVersion(addition, existing, staging, context) : addModel(addition, staging, context);
  });
}

function checkName(name: string | undefined, file: string): string {
  if (name === undefined) throw new CommandError(`What is it called? npm run model -- add ${file} --name <name>`);
  if (MODEL_NAME.test(name)) return name;
  throw new CommandError(
    `--name: expected up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first, got "${name}".`,
  );
}

function checkVersion(version: string, existing: StoredModel | undefined): string {
  if (!VERSION.test(version)) throw new CommandError(`--version: expected a number from 1 on, got "${version}".`);
  if (!existing?.versions.includes(version)) return version;
  throw new CommandError(
    `The model "${existing.name}" has a version ${version} already; without --version it is added as the next one.`,
  );
}

async function findExisting(modelsDir: string, name: string): Promise<StoredModel | undefined> {
  const folder = (await scanModels(modelsDir)).find((candidate) => candidate.name === name);
  return folder && openModel(folder);
}

async function readSource(file: string): Promise<ModelFiles> {
  try {
    return readModelFiles(await realpath(resolve(file)), {});
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandError(`${file}: ${code === 'ENOENT' ? 'there is no such file' : message}`, { cause: error });
  }
}

async function addModel(addition: Addition, staging: string, context: CommandContext): Promise<void> {
  const { name, version, files } = addition;
  // Not the hidden folder itself, which nobody but its owner may read.
  const folder = join(staging, name);
  const file = await stageVersion(join(folder, version), files);
  const candidate = { name: `${name}/${version}`, version, file, settings: context.settings };
  const draft = await withVersion({ ...candidate, manifest: {} }, ({ signature }) => draftManifest(signature!));
  const example = await makeExample({ ...candidate, manifest: draft });
  const manifest = withEntry({ ...draft, ...(example ? { example } : {}) }, version, entryFor(files));
  await withVersion({ ...candidate, manifest }, async (loaded) => {
    await writeSynced(join(folder, 'model.json'), formatManifest(manifest));
    await publishModel(folder, context.modelsDir, name);
    report(addition, loaded, context);
    context.say('Only you know names, units, ranges and labels: say them in model.json.');
  });
}

async function addVersion(
  addition: Addition,
  existing: StoredModel,
  staging: string,
  context: CommandContext,
): Promise<void> {
  const { name, version, files, mayAnswerOtherwise } = addition;
  const file = await stageVersion(join(staging, version), files);
  const manifest = withEntry(existing.manifest, version, entryFor(files));
  const candidate = { name: `${name}/${version}`, version, file, manifest, settings: context.settings };
  await demandSameCalls(candidate, existing, context);
  const example = await ownAnswer(candidate);
  if (example && !mayAnswerOtherwise) {
    throw new CommandError(
      `${candidate.name} answers the example in model.json with ${JSON.stringify(example)}. If that is right, add ` +
        '--own-answer: it is then written down as the answer of this version.',
    );
  }
  const entry = { ...entryFor(files), ...(example ? { example } : {}) };
  await withVersion({ ...candidate, manifest: withEntry(manifest, version, entry) }, async (loaded) => {
    await publishVersion(join(staging, version), existing.path, version, entry);
    report(addition, loaded, context);
  });
}

function entryFor(files: ModelFiles): VersionEntry {
  const { sha256, files: external } = pinsOf(files);
  return { sha256, ...(Object.keys(external).length > 0 ? { files: external } : {}) };
}

/** Whoever calls the model must not notice which version answers; throws where the new one takes or answers other things. */
async function demandSameCalls(candidate: Candidate, existing: StoredModel, context: CommandContext): Promise<void> {
  const { manifest } = candidate;
  const callsOf = async (one: Candidate): Promise<string> => {
    return withVersion({ ...one, manifest: withoutAnswers(one.manifest) }, ({ schema, signature }) => {
      return JSON.stringify([inputSchema(schema!), outputSchema(signature!, manifest)]);
    });
  };
  const offered = await callsOf(candidate);
  const [newest] = servingVersions(existing);
  if (newest === undefined) return;
  const file = join(existing.path, newest, 'model.onnx');
  const { settings } = context;
  const known = await callsOf({
    name: `${existing.name}/${newest}`,
    version: newest,
    file,
    manifest,
    settings,
  }).catch(
    // One that cannot be loaded has no callers.
    () => offered,
  );
  if (offered === known) return;
  throw new CommandError(
    `${candidate.name} does not take the same rows, or does not give the same answers, as ${existing.name}/${newest}. ` +
      'Add it under another name.',
  );
}

function report(
  { name, version, files }: Addition,
  loaded: ModelVersion,
  { modelsDir, url, say }: CommandContext,
): void {
  const folder = join(modelsDir, name, version);
  const { features, output, example } = loaded.manifest;
  const size = [files.model, ...files.external.map(({ data }) => data)].reduce((sum, { length }) => sum + length, 0);
  say(
    `Added ${name}, version ${version}: ${folder}, ${formatSize(size)}, pinned in ${join(modelsDir, name, 'model.json')}.`,
  );
  say(`  takes     ${listNames((features ?? loaded.schema?.fields ?? []).map((field) => field.name))}`);
  say(`  answers   ${Object.keys(output ?? {}).join(', ') || 'its outputs by name'}`);
  say(`  batching  ${describeBatching(loaded.batching)}`);
  const { candidate } = entryOf(loaded.manifest, version);
  if (candidate) say('  It is a candidate: it serves once somebody chooses it.');
  if (example)
    say(`Try it:\n${curlOf(`${url}/models/${name}/predict`, loaded.manifest, join(modelsDir, name, 'model.json'))}`);
  else say('No row that was made up for it is answered: give it an "example" in model.json.');
}
