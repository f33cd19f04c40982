import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  formatManifest,
  inputSchema,
  isModelName,
  isVersion,
  MODEL_NAME_RULE,
  type ModelFiles,
  type ModelVersion,
  outputSchema,
  pinsOf,
  readModelFiles,
  scanModels,
  VERSION_RULE,
  type VersionEntry,
  writeSynced,
} from '../../serving/index.js';
import { CommandError, parseArguments } from '../command-line.js';
import type { CommandContext } from './command-context.js';
import { draftManifest } from './draft-manifest.js';
import { createExample, versionExample, withoutExamples } from './example.js';
import { describeOutput } from './describe-output.js';
import { describeBatching, formatBytes, formatCurl, formatNames } from './format.js';
import { predictRows, sampleRows, type VersionSource, withLoadedVersion } from './loaded-version.js';
import { publishModel, publishVersion } from './publish.js';
import { stageVersion, withStagingFolder } from './staging-folder.js';
import { entryOf, nextVersion, openModel, servingVersions, type StoredModel } from './stored-models.js';
import { mergeVersionEntry } from './update-manifest.js';

const OPTIONS = { name: { type: 'string' }, version: { type: 'string' }, 'own-answer': { type: 'boolean' } } as const;
const EXPECTED = 'Expected: npm run model -- add <file.onnx> --name <name> [--version <n>] [--own-answer]';

interface Addition {
  readonly name: string;
  readonly version: string;
  readonly files: ModelFiles;
  /** `--own-answer`: whether its prediction for the model's example may differ from the one in the manifest. */
  readonly allowsOtherPrediction: boolean;
}

/** `npm run model -- add`: adds a file to the store, as a new model or as a new version of an existing one. */
export async function add(args: string[], context: CommandContext): Promise<void> {
  const { values, positionals } = parseArguments(args, OPTIONS, { min: 1, max: 1, expected: EXPECTED });
  const [file = ''] = positionals;
  const name = requireValidName(values.name, file);
  const existing = await findExisting(context.modelsDir, name);
  const version = requireNewVersion(values.version ?? (existing ? nextVersion(existing) : '1'), existing);
  const files = await readSource(file);
  const addition = { name, version, files, allowsOtherPrediction: values['own-answer'] ?? false };
  await withStagingFolder(context.modelsDir, (staging) => {
    return existing ? addVersion(addition, existing, staging, context) : addModel(addition, staging, context);
  });
}

function requireValidName(name: string | undefined, file: string): string {
  if (name === undefined) throw new CommandError(`--name is required: npm run model -- add ${file} --name <name>`);
  if (isModelName(name)) return name;
  throw new CommandError(`--name: expected ${MODEL_NAME_RULE}, got "${name}".`);
}

function requireNewVersion(version: string, existing: StoredModel | undefined): string {
  if (!isVersion(version)) throw new CommandError(`--version: expected ${VERSION_RULE}, got "${version}".`);
  if (!existing?.versions.includes(version)) return version;
  throw new CommandError(
    `The model "${existing.name}" has a version ${version} already. Leave out --version to add the next one.`,
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
  // Not the staging folder itself: only its owner may read that.
  const folder = join(staging, name);
  const file = await stageVersion(join(folder, version), files);
  const source = { name: `${name}/${version}`, version, file, settings: context.settings };
  const draft = await withLoadedVersion({ ...source, manifest: {} }, async (loaded) => {
    return draftManifest(loaded.signature!, await predictRows(loaded, sampleRows(loaded)).catch(() => []));
  });
  const example = await createExample({ ...source, manifest: draft });
  const manifest = mergeVersionEntry({ ...draft, ...(example ? { example } : {}) }, version, pinnedEntry(files));
  await withLoadedVersion({ ...source, manifest }, async (loaded) => {
    await writeSynced(join(folder, 'model.json'), formatManifest(manifest));
    await publishModel(folder, context.modelsDir, name);
    printReport(addition, loaded, context);
    context.print('Add names, units, ranges and labels to model.json: the file does not contain them.');
  });
}

async function addVersion(
  addition: Addition,
  existing: StoredModel,
  staging: string,
  context: CommandContext,
): Promise<void> {
  const { name, version, files, allowsOtherPrediction } = addition;
  const file = await stageVersion(join(staging, version), files);
  const manifest = mergeVersionEntry(existing.manifest, version, pinnedEntry(files));
  const source = { name: `${name}/${version}`, version, file, manifest, settings: context.settings };
  await requireSameInterface(source, existing, context);
  const example = await versionExample(source);
  if (example && !allowsOtherPrediction) {
    throw new CommandError(
      `${source.name} predicts ${JSON.stringify(example)} for the example, and model.json expects another result. If that is ` +
        'right, add --own-answer, which writes the prediction into model.json for this version.',
    );
  }
  const entry = { ...pinnedEntry(files), ...(example ? { example } : {}) };
  await withLoadedVersion({ ...source, manifest: mergeVersionEntry(manifest, version, entry) }, async (loaded) => {
    await publishVersion(join(staging, version), existing.path, version, entry);
    printReport(addition, loaded, context);
  });
}

function pinnedEntry(files: ModelFiles): VersionEntry {
  const { sha256, files: external } = pinsOf(files);
  return { sha256, ...(Object.keys(external).length > 0 ? { files: external } : {}) };
}

/**
 * Clients must not notice a change of version.
 *
 * @throws CommandError if the input or output schema differs from that of the newest serving version
 */
async function requireSameInterface(
  source: VersionSource,
  existing: StoredModel,
  { settings }: CommandContext,
): Promise<void> {
  const { manifest } = source;
  const interfaceOf = async (version: VersionSource): Promise<string> => {
    return withLoadedVersion({ ...version, manifest: withoutExamples(manifest) }, ({ schema, signature }) => {
      return JSON.stringify([inputSchema(schema!), outputSchema(signature!, manifest)]);
    });
  };
  const added = await interfaceOf(source);
  const [newest] = servingVersions(existing);
  if (newest === undefined) return;
  const name = `${existing.name}/${newest}`;
  const file = join(existing.path, newest, 'model.onnx');
  // A version that cannot be loaded has no clients.
  const current = await interfaceOf({ name, version: newest, file, manifest, settings }).catch(() => added);
  if (added === current) return;
  throw new CommandError(
    `${source.name} does not take the same rows or give the same predictions as ${name}. Use another name.`,
  );
}

function printReport(
  { name, version, files }: Addition,
  loaded: ModelVersion,
  { modelsDir, url, print }: CommandContext,
): void {
  const folder = join(modelsDir, name, version);
  const { features, example } = loaded.manifest;
  const size = [files.model, ...files.external.map(({ data }) => data)].reduce((sum, { length }) => sum + length, 0);
  const manifestFile = join(modelsDir, name, 'model.json');
  print(`Added ${name}, version ${version}: ${folder}, ${formatBytes(size)}, pinned in ${manifestFile}.`);
  print(`  input     ${formatNames((features ?? loaded.schema?.fields ?? []).map((field) => field.name))}`);
  for (const line of describeOutput(loaded)) print(line);
  print(`  batching  ${describeBatching(loaded.batching)}`);
  const { candidate } = entryOf(loaded.manifest, version);
  if (candidate) print('  It is a candidate: it serves once an administrator chooses it.');
  if (example) print(`Try it:\n${formatCurl(`${url}/models/${name}/predict`, loaded.manifest, manifestFile)}`);
  else print('The model fails on generated rows: add an "example" to model.json.');
}
