import { type Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** The folder of a version. */
export interface VersionFolder {
  readonly version: string;
  /** Names, sizes, times and inodes of its files: it changes when a file does. */
  readonly fingerprint: string;
}

/** The folder of a model in the store. */
export interface ModelFolder {
  readonly name: string;
  readonly path: string;
  /** Fingerprint of `model.json`; empty where there is none. */
  readonly manifestFingerprint: string;
  /** The version numbers, newest first. */
  readonly versions: readonly string[];
  /** In the same order. */
  readonly contents: readonly VersionFolder[];
}

/** Valid names of models. */
export const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Valid names of version folders: positive integers. */
export const VERSION = /^[1-9]\d{0,8}$/;

/** Lists the model folders of a store; empty if the store does not exist. Files and hidden folders are ignored. */
export async function scanModels(modelsDir: string): Promise<ModelFolder[]> {
  const folders = (await listFolders(modelsDir)).filter((name) => MODEL_NAME.test(name)).sort();
  return Promise.all(folders.map((name) => scanModel(name, join(modelsDir, name))));
}

/** Identifies the state of all files in a model's folder. */
export function fingerprintOf({ manifestFingerprint, contents }: ModelFolder): string {
  return [manifestFingerprint, ...contents.map(({ version, fingerprint }) => `${version}: ${fingerprint}`)].join('\n');
}

async function scanModel(name: string, path: string): Promise<ModelFolder> {
  const numbers = (await listFolders(path)).filter((folder) => VERSION.test(folder));
  const versions = numbers.sort((a, b) => Number(b) - Number(a));
  const [manifestFingerprint, ...contents] = await Promise.all([
    fingerprintOfFile(path, 'model.json'),
    ...versions.map((version) => scanVersion(version, join(path, version))),
  ]);
  return { name, path, manifestFingerprint, versions, contents };
}

async function scanVersion(version: string, path: string): Promise<VersionFolder> {
  const names = await readdir(path).catch(ifMissing<string[]>([]));
  const files = await Promise.all(names.sort().map((name) => fingerprintOfFile(path, name)));
  return { version, fingerprint: files.join(' ') };
}

async function fingerprintOfFile(folder: string, name: string): Promise<string> {
  const found = await stat(join(folder, name)).catch(ifMissing(undefined));
  return found ? `${name}:${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}` : '';
}

/**
 * The real path of a file in the store.
 *
 * @throws Error where the file is missing, or a link leads out of the store
 */
export async function resolveInStore(modelsDir: string, ...parts: string[]): Promise<string> {
  const paths = [modelsDir, join(modelsDir, ...parts)];
  const [root, target] = await Promise.all(paths.map((path) => realpath(path).catch(() => undefined)));
  if (root === undefined || target === undefined) throw new Error(`${parts.at(-1)} is missing`);
  const inside = relative(root, target);
  if (inside === '..' || inside.startsWith(`..${sep}`))
    throw new Error(`${parts.at(-1)} is a link out of the model store`);
  return target;
}

/** Like `resolveInStore`, but undefined if the file does not exist. A dangling link is an error. */
export async function findInStore(modelsDir: string, ...parts: string[]): Promise<string | undefined> {
  const found = await lstat(join(modelsDir, ...parts)).catch(ifMissing(undefined));
  return found && resolveInStore(modelsDir, ...parts);
}

async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(ifMissing<Dirent[]>([]));
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
}

/** Handles the error of a file or folder that does not exist or has been removed meanwhile. */
function ifMissing<T>(fallback: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') return fallback;
    throw error;
  };
}
