import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SOURCE_ROOT } from '../../platform/config/index.js';
import { resolveInStore } from '../../serving/index.js';
import { type CommandContext, CommandError, readArguments } from './command.js';
import { findFolders, openModel, servingVersions, type StoredModel } from './stored-models.js';
import { withVersion } from './trial.js';
import { type ModelShape, writeTypes } from './write-types.js';

const PROJECT = fileURLToPath(new URL('../../', SOURCE_ROOT));
const FILE = 'src/inference/models.generated.ts';
const PRETTIER = 'node_modules/prettier/bin/prettier.cjs';

/** Writes the types of the models' rows and answers for product code, or says whether they are as they should be. */
export async function types(args: string[], context: CommandContext): Promise<void> {
  const options = { check: { type: 'boolean' } } as const;
  const { values } = readArguments(args, options, { min: 0, max: 0, usage: 'types [--check]' });
  if (!existsSync(join(PROJECT, 'src/inference')) || !existsSync(join(PROJECT, PRETTIER))) {
    throw new CommandError(
      'Types are for the source code: run this where it is, with the development packages installed.',
    );
  }
  const shapes: ModelShape[] = [];
  for (const folder of await findFolders(context.modelsDir))
    shapes.push(await shapeOf(await openModel(folder), context));
  const text = layOut(writeTypes(shapes));
  const file = join(PROJECT, FILE);
  const isCurrent = (await readFile(file, 'utf8').catch(() => undefined)) === text;
  if (values.check && !isCurrent) {
    throw new CommandError(`${FILE} is stale: models have changed since. Run npm run model -- types`);
  }
  if (!isCurrent) await writeFile(file, text);
  context.say(`${FILE} ${isCurrent ? 'is up to date' : 'is written'}: ${shapes.map(({ name }) => name).join(', ')}.`);
}

/** What the version that would serve takes and answers: the newest that can be loaded and is no candidate. */
async function shapeOf(model: StoredModel, { modelsDir, settings }: CommandContext): Promise<ModelShape> {
  const { name, manifest } = model;
  const reasons: string[] = [];
  for (const version of servingVersions(model)) {
    try {
      const file = await resolveInStore(modelsDir, name, version, 'model.onnx');
      return await withVersion({ name: `${name}/${version}`, version, file, manifest, settings }, (loaded) => {
        return { name, manifest, schema: loaded.schema!, signature: loaded.signature! };
      });
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new CommandError(`The model "${name}" has no version to make types of. ${reasons.join('; ')}`);
}

/** As `npm run format` would lay it out. */
function layOut(text: string): string {
  const args = [PRETTIER, '--stdin-filepath', FILE];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: PROJECT, input: text, encoding: 'utf8' });
  if (status !== 0) throw new CommandError(`The types could not be laid out: ${stderr}`);
  return stdout;
}
