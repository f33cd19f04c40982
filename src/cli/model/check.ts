import { resolveInStore, type ModelFolder } from '../../serving/index.js';
import { type CommandContext, CommandError, count, readArguments } from './command.js';
import { describeBatching } from './in-words.js';
import { entryOf, findFolders, openModel, type StoredModel } from './stored-models.js';
import { withVersion } from './trial.js';

/** A line of the report. */
interface Finding {
  readonly place: string;
  readonly isGood: boolean;
  readonly words: string;
}

/** Loads every version as the application would: the files that are pinned, the example answered, rows together or not. */
export async function check(args: string[], context: CommandContext): Promise<void> {
  const { positionals } = readArguments(args, {}, { min: 0, max: Infinity, usage: 'check [<name> …]' });
  let failures = 0;
  for (const folder of await findFolders(context.modelsDir, positionals)) {
    for (const { place, isGood, words } of await checkModel(folder, context)) {
      context.say(`${isGood ? 'ok    ' : 'FAILED'}  ${place}  ${words}`);
      if (!isGood) failures += 1;
    }
  }
  if (failures > 0) throw new CommandError(`${count(failures, 'check')} failed.`);
}

async function checkModel(folder: ModelFolder, context: CommandContext): Promise<Finding[]> {
  try {
    const model = await openModel(folder);
    const findings: Finding[] = [];
    for (const version of model.versions) findings.push(await checkVersion(model, version, context));
    return findings.length > 0 ? findings : [{ place: folder.name, isGood: false, words: 'it has no version' }];
  } catch (error) {
    return [{ place: folder.name, isGood: false, words: (error as Error).message }];
  }
}

async function checkVersion(
  { name, manifest }: StoredModel,
  version: string,
  { modelsDir, settings }: CommandContext,
): Promise<Finding> {
  const place = `${name}/${version}`;
  try {
    const file = await resolveInStore(modelsDir, name, version, 'model.onnx');
    return await withVersion({ name: place, version, file, manifest, settings }, ({ pins, batching }) => {
      const { sha256, files, candidate } = entryOf(manifest, version);
      const isPinned = sha256 !== undefined && (files !== undefined || Object.keys(pins?.files ?? {}).length === 0);
      const words = [
        isPinned ? 'pinned' : `NOT PINNED (npm run model -- pin ${name} ${version})`,
        manifest.example ? 'example answered' : 'no example',
        describeBatching(batching),
        ...(candidate ? ['a candidate'] : []),
      ];
      return { place, isGood: true, words: words.join('; ') };
    });
  } catch (error) {
    const { message } = error as Error;
    return { place, isGood: false, words: message.replace(`${place}: `, '') };
  }
}
