import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveInStore } from '../../serving/index.js';
import { CommandError, parseArguments } from '../command-line.js';
import type { CommandContext } from './command-context.js';
import { generateTypes, type ModelShape } from './generate-types.js';
import { withLoadedVersion } from './loaded-version.js';
import { PROJECT_ROOT } from './project-root.js';
import { findFolders, openModel, servingVersions, type StoredModel } from './stored-models.js';

const FILE = 'src/inference/models.generated.ts';
const PRETTIER = 'node_modules/prettier/bin/prettier.cjs';

/**
 * `npm run model -- types`: generates TypeScript types of the rows and predictions of all models; with `--check` only compares
 * them with the file.
 */
export async function types(args: string[], context: CommandContext): Promise<void> {
  const options = { check: { type: 'boolean' } } as const;
  const expected = 'Expected: npm run model -- types [--check]';
  const { values } = parseArguments(args, options, { min: 0, max: 0, expected });
  if (!existsSync(join(PROJECT_ROOT, 'src/inference')) || !existsSync(join(PROJECT_ROOT, PRETTIER))) {
    throw new CommandError('Types need the source code of the application and its development packages.');
  }
  const shapes: ModelShape[] = [];
  const folders = await findFolders(context.modelsDir);
  for (const folder of folders.filter(({ problem }) => problem === undefined))
    shapes.push(await shapeOf(await openModel(folder), context));
  const text = format(generateTypes(shapes));
  const file = join(PROJECT_ROOT, FILE);
  const isCurrent = (await readFile(file, 'utf8').catch(() => undefined)) === text;
  if (values.check && !isCurrent) {
    throw new CommandError(`${FILE} is stale: models have changed since. Run npm run model -- types`);
  }
  if (!isCurrent) await writeFile(file, text);
  context.print(`${FILE} ${isCurrent ? 'is up to date' : 'is written'}: ${shapes.map(({ name }) => name).join(', ')}.`);
}

/** The shape of the version that would serve: the newest one that can be loaded and is no candidate. */
async function shapeOf(model: StoredModel, { modelsDir, settings }: CommandContext): Promise<ModelShape> {
  const { name, manifest } = model;
  const reasons: string[] = [];
  for (const version of servingVersions(model)) {
    try {
      const file = await resolveInStore(modelsDir, name, version, 'model.onnx');
      return await withLoadedVersion({ name: `${name}/${version}`, version, file, manifest, settings }, (loaded) => {
        return { name, manifest: loaded.manifest, schema: loaded.schema!, signature: loaded.signature! };
      });
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new CommandError(`The model "${name}" has no version that can be loaded. ${reasons.join('; ')}`);
}

/** Formats source text as `npm run format` does. */
function format(text: string): string {
  const args = [PRETTIER, '--stdin-filepath', FILE];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: PROJECT_ROOT,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new CommandError(`The types could not be formatted: ${stderr}`);
  return stdout;
}
