import { resolveInStore, pinsOf, readModelFiles, type VersionEntry, writeManifest } from '../../serving/index.js';
import { type CommandContext, CommandError, count, readArguments } from './command.js';
import { changeManifest, withEntry } from './staging.js';
import { findModel, findVersion } from './stored-models.js';

/** Writes into `model.json` what the files of a model are now: of one version, or of all. */
export async function pin(args: string[], { modelsDir, say }: CommandContext): Promise<void> {
  const { positionals } = readArguments(args, {}, { min: 1, max: 2, usage: 'pin <name> [<version>]' });
  const [name = '', wanted] = positionals;
  const model = await findModel(modelsDir, name);
  const versions = wanted === undefined ? model.versions.toReversed() : [findVersion(model, wanted)];
  if (versions.length === 0) throw new CommandError(`The model "${name}" has no versions to pin.`);
  const pins = new Map<string, VersionEntry>();
  for (const version of versions) pins.set(version, await pinOf(modelsDir, name, version));
  await changeManifest(model.path, (manifest) => {
    const pinned = [...pins].reduce((before, [version, entry]) => withEntry(before, version, entry), manifest);
    return writeManifest(model.path, pinned);
  });
  for (const [version, { sha256, files }] of pins) {
    const others = files ? `, and ${count(Object.keys(files).length, 'file')} with its weights` : '';
    say(`${name}/${version}  ${sha256}${others}`);
  }
}

/** What the files of a version are; `files` is undefined where it has none beside the model. */
async function pinOf(modelsDir: string, name: string, version: string): Promise<VersionEntry> {
  try {
    const { sha256, files } = pinsOf(readModelFiles(await resolveInStore(modelsDir, name, version, 'model.onnx'), {}));
    return { sha256, files: Object.keys(files).length > 0 ? files : undefined };
  } catch (error) {
    throw new CommandError(`${name}/${version}/model.onnx: ${(error as Error).message}`, { cause: error });
  }
}
