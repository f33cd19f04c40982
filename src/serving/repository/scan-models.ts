import { type Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** A version's folder, and what its files look like from outside. */
export interface VersionFolder {
  /** Its number. */
  readonly version: string;
  /** Names, sizes, times and inodes of its files: another text means that something in it has changed. */
  readonly fingerprint: string;
}

/** A model's folder in the store. */
export interface ModelFolder {
  readonly name: string;
  readonly path: string;
  /** Of `model.json`; empty where there is none. */
  readonly manifestFingerprint: string;
  /** Numbers of the version folders, newest first. */
  readonly versions: readonly string[];
  /** In the same order. */
  readonly contents: readonly VersionFolder[];
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

/** Two scans with the same text have seen the same files. */
export function fingerprintOf({ manifestFingerprint, contents }: ModelFolder): string {
  return [manifestFingerprint, ...contents.map(({ version, fingerprint }) => `${version}: ${fingerprint}`)].join('\n');
}

async function scanModel(name: string, path: string): Promise<ModelFolder> {
  const numbers = (await listFolders(path)).filter((folder) => VERSION.test(folder));
  const versions = numbers.sort((a, b) => Number(b) - Number(a));
  const [manifestFingerprint, ...contents] = await Promise.all([
    lookAt(path, 'model.json'),
    ...versions.map((version) => scanVersion(version, join(path, version))),
  ]);
  return { name, path, manifestFingerprint, versions, contents };
}

async function scanVersion(version: string, path: string): Promise<VersionFolder> {
  const names = await readdir(path).catch(ifGone<string[]>([]));
  const files = await Promise.all(names.sort().map((name) => lookAt(path, name)));
  return { version, fingerprint: files.join(' ') };
}

async function lookAt(folder: string, name: string): Promise<string> {
  const found = await stat(join(folder, name)).catch(ifGone(undefined));
  return found ? `${name}:${found.ino}:${found.size}:${found.mtimeMs}:${found.ctimeMs}` : '';
}

/** The real path of a file in the store; throws where it is not there or a link leads out of the store. */
export async function resolveInStore(modelsDir: string, ...parts: string[]): Promise<string> {
  const paths = [modelsDir, join(modelsDir, ...parts)];
  const [root, target] = await Promise.all(paths.map((path) => realpath(path).catch(() => undefined)));
  if (root === undefined || target === undefined) throw new Error(`${parts.at(-1)} is missing`);
  const inside = relative(root, target);
  if (inside === '..' || inside.startsWith(`..${sep}`))
    throw new Error(`${parts.at(-1)} is a link out of the model store`);
  return target;
}

/** As `resolveInStore`; undefined where nothing is there, not even a link that leads nowhere. */
export async function findInStore(modelsDir: string, ...parts: string[]): Promise<string | undefined> {
  const found = await lstat(join(modelsDir, ...parts)).catch(ifGone(undefined));
  return found && resolveInStore(modelsDir, ...parts);
}

async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(ifGone<Dirent[]>([]));
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
}

/** What stands for a file or folder that is not there, or is no longer. */
function ifGone<T>(fallback: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') return fallback;
    throw error;
  };
}
