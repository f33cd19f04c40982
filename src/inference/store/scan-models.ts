import { type Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** A model's folder in the store. */
export interface ModelFolder {
  readonly name: string;
  readonly path: string;
  /** Numbers of the version folders, newest first. */
  readonly versions: readonly string[];
}

/** What a model may be called. */
export const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** What a version's folder may be called. */
export const VERSION = /^[1-9]\d{0,8}$/;

/** The model folders of a store; empty where the store is not there. Files and hidden folders are passed over. */
export async function scanModels(modelsDir: string): Promise<ModelFolder[]> {
  const folders = (await listFolders(modelsDir)).filter((name) => MODEL_NAME.test(name)).sort();
  return Promise.all(folders.map((name) => scanModel(name, join(modelsDir, name))));
}

async function scanModel(name: string, path: string): Promise<ModelFolder> {
  const versions = (await listFolders(path)).filter((folder) => VERSION.test(folder));
  return { name, path, versions: versions.sort((a, b) => Number(b) - Number(a)) };
}

/** The real path of a file in the store; throws where it is not there or a link leads out of the store. */
export async function fileInStore(modelsDir: string, ...parts: string[]): Promise<string> {
  const file = join(modelsDir, ...parts);
  const [root, target] = await Promise.all([realpath(modelsDir), realpath(file).catch(() => undefined)]);
  if (target === undefined) throw new Error(`${parts.at(-1)} is missing`);
  const inside = relative(root, target);
  if (inside === '..' || inside.startsWith(`..${sep}`))
    throw new Error(`${parts.at(-1)} is a link out of the model store`);
  return target;
}

async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException): Dirent[] => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
}
