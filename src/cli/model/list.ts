import { join } from 'node:path';
import { type CommandContext, formatSize, readArguments } from './command.js';
import { entryOf, findFolders, openModel, sizeOfFolder, type StoredModel } from './stored-models.js';

const HEADER = ['MODEL', 'VERSION', 'SIZE', 'PINNED', ''];

/** What there is in the store, without loading any of it. */
export async function list(args: string[], { modelsDir, say }: CommandContext): Promise<void> {
  readArguments(args, {}, { min: 0, max: 0, usage: 'list' });
  const rows: string[][] = [HEADER];
  for (const folder of await findFolders(modelsDir)) {
    const model = await openModel(folder).catch((error: Error) => error);
    if (model instanceof Error) rows.push([folder.name, '-', '-', '-', model.message]);
    else rows.push(...(await listVersions(model)));
  }
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
}

async function listVersions({ name, path, versions, manifest }: StoredModel): Promise<string[][]> {
  if (versions.length === 0) return [[name, '-', '-', '-', 'no version']];
  const rows = versions.map(async (version) => {
    const { sha256, candidate } = entryOf(manifest, version);
    const size = formatSize(await sizeOfFolder(join(path, version)));
    return [name, version, size, sha256 === undefined ? 'no' : 'yes', candidate ? 'candidate' : ''];
  });
  return Promise.all(rows);
}
