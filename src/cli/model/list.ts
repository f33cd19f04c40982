import { join } from 'node:path';
import { parseArguments } from '../command-line.js';
import type { CommandContext } from './command-context.js';
import { formatBytes } from './format.js';
import { entryOf, findFolders, openModel, sizeOfFolder, type StoredModel } from './stored-models.js';

const HEADER = ['MODEL', 'VERSION', 'SIZE', 'PINNED', ''];

/** `npm run model -- list`: prints the models and versions of the store, without loading them. */
export async function list(args: string[], { modelsDir, print }: CommandContext): Promise<void> {
  parseArguments(args, {}, { min: 0, max: 0, expected: 'Expected: npm run model -- list' });
  const rows: string[][] = [HEADER];
  for (const folder of await findFolders(modelsDir)) {
    const model = await openModel(folder).catch((error: Error) => error);
    if (model instanceof Error) rows.push([folder.name, '-', '-', '-', model.message]);
    else rows.push(...(await rowsOf(model)));
  }
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column]!));
    print(cells.join('  ').trimEnd());
  }
}

async function rowsOf({ name, path, versions, manifest }: StoredModel): Promise<string[][]> {
  if (versions.length === 0) return [[name, '-', '-', '-', 'no version']];
  const rows = versions.map(async (version) => {
    const { sha256, candidate } = entryOf(manifest, version);
    const size = formatBytes(await sizeOfFolder(join(path, version)));
    return [name, version, size, sha256 === undefined ? 'no' : 'yes', candidate ? 'candidate' : ''];
  });
  return Promise.all(rows);
}
