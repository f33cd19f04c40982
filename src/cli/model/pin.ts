import { resolveInStore, pinsOf, readModelFiles, type VersionEntry, writeManifest } from '../../serving/index.js';
import { CommandError, parseArguments } from '../command-line.js';
import type { CommandContext } from './command-context.js';
import { pluralize } from './format.js';
import { findModel, findVersion } from './stored-models.js';
import { mergeVersionEntry, updateManifest } from './update-manifest.js';

/** `npm run model -- pin`: writes the hashes of the current files of one version, or of all, into `model.json`. */
export async function pin(args: string[], { modelsDir, print }: CommandContext): Promise<void> {
  const expected = 'Expected: npm run model -- pin <name> [<version>]';
  const { positionals } = parseArguments(args, {}, { min: 1, max: 2, expected });
  const [name = '', wanted] = positionals;
  const model = await findModel(modelsDir, name);
  const versions = wanted === undefined ? model.versions.toReversed() : [findVersion(model, wanted)];
  if (versions.length === 0) throw new CommandError(`The model "${name}" has no versions to pin.`);
  const pins = new Map<string, VersionEntry>();
  for (const version of versions) pins.set(version, await pinsOfVersion(modelsDir, name, version));
  await updateManifest(model.path, (manifest) => {
    const pinned = [...pins].reduce((before, [version, entry]) => mergeVersionEntry(before, version, entry), manifest);
    return writeManifest(model.path, pinned);
  });
  for (const [version, { sha256, files }] of pins) {
    const others = files ? `, and ${pluralize(Object.keys(files).length, 'file')} with its weights` : '';
    print(`${name}/${version}  ${sha256}${others}`);
  }
}

/** `files` is undefined for a version whose weights are all in the model file: this removes a stale entry. */
async function pinsOfVersion(modelsDir: string, name: string, version: string): Promise<VersionEntry> {
  try {
    const { sha256, files } = pinsOf(readModelFiles(await resolveInStore(modelsDir, name, version, 'model.onnx'), {}));
    return { sha256, files: Object.keys(files).length > 0 ? files : undefined };
  } catch (error) {
    throw new CommandError(`${name}/${version}/model.onnx: ${(error as Error).message}`, { cause: error });
  }
}
