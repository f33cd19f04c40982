import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  formatManifest,
  formatReference,
  type Manifest,
  manifestOfVersion,
  type ModelVersion,
  pinsOf,
  type Reference,
  REFERENCE_FILE,
  type VersionEntry,
  writeSynced,
} from '../../serving/index.js';
import { CommandError } from '../command-line.js';
import { type Addition, parseAddition } from './add-options.js';
import type { CommandContext } from './command-context.js';
import { createExample, versionExample, withoutExamples } from './example.js';
import { describeInput } from './describe-input.js';
import { describeOutput } from './describe-output.js';
import { describeBatching, formatBytes, formatCurl, pluralize } from './format.js';
import { type VersionSource, withLoadedVersion } from './loaded-version.js';
import { publishModel, publishVersion } from './publish.js';
import { readVerifiedReference } from './reference-file.js';
import { stageVersion, withStagingFolder } from './staging-folder.js';
import { entryOf, servingVersions, type StoredModel } from './stored-models.js';
import { mergeVersionEntry } from './update-manifest.js';
import {
  draftFor,
  draftInterface,
  findInterfaceDifference,
  hasOwnInterface,
  type VersionInterface,
} from './version-interface.js';

const UNPROVEN =
  'The example is a generated row with what this file predicts for it, which proves nothing: add --reference rows.csv, with ' +
  'rows and the outputs of the library that trained the model.';

/** The result of `add`, for its report. */
interface Added {
  readonly addition: Addition;
  readonly loaded: ModelVersion;
  readonly reference: Reference | undefined;
  /** Whether its example is a row that `add` made up, with the model's own prediction. */
  readonly hasGeneratedExample: boolean;
}

/** `npm run model -- add`: adds a file to the store, as a new model or as a new version of an existing one. */
export async function add(args: string[], context: CommandContext): Promise<void> {
  const addition = await parseAddition(args, context);
  const { existing } = addition;
  await withStagingFolder(context.modelsDir, (staging) => {
    return existing ? addVersion(addition, existing, staging, context) : addModel(addition, staging, context);
  });
}

async function addModel(addition: Addition, staging: string, context: CommandContext): Promise<void> {
  const { name, version, files, access } = addition;
  // Not the staging folder itself: only its owner may read that.
  const folder = join(staging, name);
  const file = await stageVersion(join(folder, version), files);
  const source = { name: `${name}/${version}`, version, file, settings: context.settings };
  const draft = await draftFor(source, addition.referenceFile);
  const drafted: Manifest = { ...(access === undefined ? {} : { access }), ...draft };
  const reference = await readReference(addition, { ...source, manifest: drafted });
  const example = await createExample({ ...source, manifest: drafted }, reference?.rows[0]?.input);
  const manifest = mergeVersionEntry({ ...drafted, ...(example ? { example } : {}) }, version, pinnedEntry(addition));
  await loadStaged({ ...source, manifest }, reference, async (loaded) => {
    await writeSynced(join(folder, 'model.json'), formatManifest(manifest));
    await publishModel(folder, context.modelsDir, name);
    printReport({ addition, loaded, reference, hasGeneratedExample: !reference && example !== undefined }, context);
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
  const pinned = pinnedEntry(addition);
  const inherited = mergeVersionEntry(existing.manifest, version, pinned);
  const source = { name: `${name}/${version}`, version, file, manifest: inherited, settings: context.settings };
  const entry: VersionEntry = { ...pinned, ...(await ownInterface(addition, source, existing)) };
  const manifest = mergeVersionEntry(existing.manifest, version, entry);
  const reference = await readReference(addition, { ...source, manifest });
  const example = await exampleEntry({ ...source, manifest }, reference);
  if (example && example.input === undefined && !allowsOtherPrediction) {
    throw new CommandError(
      `${source.name} predicts ${JSON.stringify(example)} for the example, and model.json expects another result. If that is ` +
        'right, add --own-answer, which writes the prediction into model.json for this version.',
    );
  }
  const given = entryOf(manifest, version).example;
  const complete: VersionEntry = { ...entry, ...(example ? { example: { ...given, ...example } } : {}) };
  await loadStaged(
    { ...source, manifest: mergeVersionEntry(manifest, version, complete) },
    reference,
    async (loaded) => {
      await publishVersion(join(staging, version), existing.path, version, complete);
      const hasGeneratedExample = !reference && example?.input !== undefined;
      printReport({ addition, loaded, reference, hasGeneratedExample }, context);
    },
  );
}

function pinnedEntry({ files, isCandidate }: Addition): VersionEntry {
  const { sha256, files: external } = pinsOf(files);
  return {
    sha256,
    ...(Object.keys(external).length > 0 ? { files: external } : {}),
    ...(isCandidate ? { candidate: true } : {}),
  };
}

/** Reads the file of `--reference`, and verifies all of its rows. */
async function readReference({ referenceFile }: Addition, source: VersionSource): Promise<Reference | undefined> {
  if (referenceFile === undefined) return undefined;
  const manifest = withoutExamples(source.manifest, source.version);
  return withLoadedVersion({ ...source, manifest }, (loaded) => readVerifiedReference(referenceFile, loaded));
}

/**
 * The features, labels and outputs that a version has instead of its model's: drafted for a candidate that differs; none
 * where model.json has them already.
 *
 * @throws CommandError for a version that differs and would serve clients of the others
 */
async function ownInterface(
  { version, isCandidate, referenceFile }: Addition,
  source: VersionSource,
  existing: StoredModel,
): Promise<VersionInterface> {
  if (hasOwnInterface(entryOf(existing.manifest, version))) return {};
  const difference = await findInterfaceDifference(source, newestServing(existing, source));
  if (difference === undefined) return {};
  if (isCandidate) return draftInterface(source, referenceFile);
  throw new CommandError(
    `${difference.replace(/\.?$/, '.')} Use another name, or add --candidate: a candidate has features and outputs of its own in model.json, and ` +
      'serves by default only once an administrator chooses it.',
  );
}

function newestServing(existing: StoredModel, { settings }: VersionSource): VersionSource | undefined {
  const { name, path, manifest } = existing;
  const [version] = servingVersions(existing);
  if (version === undefined) return undefined;
  return { name: `${name}/${version}`, version, file: join(path, version, 'model.onnx'), manifest, settings };
}

/** The example of the version: a whole one where the model's is not for it, or the prediction in which it differs. */
async function exampleEntry(source: VersionSource, reference: Reference | undefined): Promise<VersionEntry['example']> {
  const { manifest, version } = source;
  const { example } = manifestOfVersion(manifest, version);
  if (entryOf(manifest, version).example !== undefined || isDeepStrictEqual(example, manifest.example)) {
    return versionExample(source);
  }
  return createExample(source, reference?.rows[0]?.input ?? example?.input);
}

/** Loads a staged version as the application will, with its reference rows. */
async function loadStaged(
  source: VersionSource,
  reference: Reference | undefined,
  work: (loaded: ModelVersion) => Promise<void>,
): Promise<void> {
  if (!reference) return withLoadedVersion(source, work);
  const referenceFile = join(source.file, '..', REFERENCE_FILE);
  await writeSynced(referenceFile, formatReference(reference));
  return withLoadedVersion({ ...source, referenceFile }, work);
}

function printReport(
  { addition, loaded, reference, hasGeneratedExample }: Added,
  { modelsDir, url, print }: CommandContext,
): void {
  const { name, version, files, isCandidate } = addition;
  const folder = join(modelsDir, name, version);
  const { example } = loaded.manifest;
  const size = [files.model, ...files.external.map(({ data }) => data)].reduce((sum, { length }) => sum + length, 0);
  const manifestFile = join(modelsDir, name, 'model.json');
  print(`Added ${name}, version ${version}: ${folder}, ${formatBytes(size)}, pinned in ${manifestFile}.`);
  for (const line of [...describeInput(loaded), ...describeOutput(loaded)]) print(line);
  print(`  batching  ${describeBatching(loaded.batching)}`);
  print(`  access    ${describeAccess(loaded.manifest)}`);
  if (reference)
    print(`  reference ${pluralize(reference.rows.length, 'row')} verified: ${join(folder, REFERENCE_FILE)}`);
  if (hasGeneratedExample) print(UNPROVEN);
  if (isCandidate) print('It is a candidate: it serves by default once an administrator chooses it.');
  const path = isCandidate ? `models/${name}/versions/${version}` : `models/${name}`;
  if (example) print(`Try it:\n${formatCurl(`${url}/${path}/predict`, loaded.manifest, manifestFile)}`);
  else print('The model fails on generated rows: add an "example" to model.json.');
}

function describeAccess({ access = 'public' }: Manifest): string {
  if (access !== 'public') return access;
  return 'public: anybody may predict; "access" in model.json, or --access of a new model, says member or admin';
}
