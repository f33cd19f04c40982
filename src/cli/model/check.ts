import {
  describeNoVersion,
  findInStore,
  type ModelFolder,
  type ModelVersion,
  readReference,
  REFERENCE_FILE,
  resolveInStore,
  verifyReference,
} from '../../serving/index.js';
import { CommandError, parseArguments } from '../command-line.js';
import type { CommandContext } from './command-context.js';
import { describeBatching, pluralize } from './format.js';
import { withLoadedVersion } from './loaded-version.js';
import { entryOf, findFolders, openModel, type StoredModel } from './stored-models.js';

/** A line of the report. */
interface CheckResult {
  /** A version, such as `iris/1`, or a model that cannot be read. */
  readonly subject: string;
  readonly isGood: boolean;
  readonly message: string;
}

/**
 * `npm run model -- check`: loads every version as the application does, with its pins and its example verified.
 *
 * @throws CommandError if a check fails
 */
export async function check(args: string[], context: CommandContext): Promise<void> {
  const expected = 'Expected: npm run model -- check [<name> …]';
  const { positionals } = parseArguments(args, {}, { min: 0, max: Infinity, expected });
  let failures = 0;
  for (const folder of await findFolders(context.modelsDir, positionals)) {
    for (const { subject, isGood, message } of await checkModel(folder, context)) {
      context.print(`${isGood ? 'ok    ' : 'FAILED'}  ${subject}  ${message}`);
      if (!isGood) failures += 1;
    }
  }
  if (failures > 0) throw new CommandError(`${pluralize(failures, 'check')} failed.`);
}

async function checkModel(folder: ModelFolder, context: CommandContext): Promise<CheckResult[]> {
  try {
    const model = await openModel(folder);
    const results: CheckResult[] = [];
    for (const version of model.versions) results.push(await checkVersion(model, version, context));
    return results.length > 0 ? results : [{ subject: folder.name, isGood: false, message: describeNoVersion(folder) }];
  } catch (error) {
    return [{ subject: folder.name, isGood: false, message: (error as Error).message }];
  }
}

async function checkVersion(
  { name, manifest }: StoredModel,
  version: string,
  { modelsDir, settings }: CommandContext,
): Promise<CheckResult> {
  const subject = `${name}/${version}`;
  try {
    const file = await resolveInStore(modelsDir, name, version, 'model.onnx');
    const referenceFile = await findInStore(modelsDir, name, version, REFERENCE_FILE);
    return await withLoadedVersion({ name: subject, version, file, manifest, settings }, async (loaded) => {
      const { sha256, files, candidate } = entryOf(manifest, version);
      const weights = Object.keys(loaded.pins?.files ?? {});
      const isPinned = sha256 !== undefined && (files !== undefined || weights.length === 0);
      const facts = [
        isPinned ? 'pinned' : `NOT PINNED (npm run model -- pin ${name} ${version})`,
        loaded.manifest.example ? 'example verified' : 'no example',
        ...(referenceFile === undefined ? [] : [await verifyReferenceFile(referenceFile, loaded)]),
        describeBatching(loaded.batching),
        ...(candidate ? ['a candidate'] : []),
      ];
      return { subject, isGood: true, message: facts.join('; ') };
    });
  } catch (error) {
    const { message } = error as Error;
    return { subject, isGood: false, message: message.replace(`${subject}: `, '') };
  }
}

/** Verifies every row, where a load verifies the first ones. */
async function verifyReferenceFile(file: string, loaded: ModelVersion): Promise<string> {
  const reference = await readReference(file);
  await verifyReference(reference, loaded, { source: REFERENCE_FILE });
  return `${pluralize(reference.rows.length, 'reference row')} verified`;
}
