import { type Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** The folder of a version. */
export interface VersionFolder {
  readonly version: string;
  /** Names, sizes, times and inodes of its files: it changes when a file does. */
  readonly fingerprint: string;
  readonly changedAt: number;
}

interface FileState {
  /** Empty if the file does not exist. */
  readonly fingerprint: string;
  readonly changedAt: number;
}

/** The folder of a model in the store. */
export interface ModelFolder {
  readonly name: string;
  readonly path: string;
  /** Why nothing in it can be served: its name, or that it cannot be read. It has no versions then. */
  readonly problem?: string;
  /** Fingerprint of `model.json`; empty where there is none. */
  readonly manifestFingerprint: string;
  /** Latest change of the folder, its manifest or a file of a version, in milliseconds since the epoch. */
  readonly changedAt: number;
  /** The version numbers, newest first. */
  readonly versions: readonly string[];
  /** In the same order. */
  readonly contents: readonly VersionFolder[];
  /** Names of the other folders in it, such as `v1`, which are no versions. */
  readonly otherFolders: readonly string[];
}

/** Valid names of models. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Describes them. */
export const MODEL_NAME_RULE = '1 to 64 of a–z, A–Z, 0–9, dot, hyphen and underscore, a letter or digit first';
const VERSION = /^[1-9]\d{0,15}$/;
/** Describes the names of version folders. */
export const VERSION_RULE = `a whole number from 1 to ${Number.MAX_SAFE_INTEGER} without leading zeros`;
/** Folders that a reason names. */
const MAX_NAMED = 10;
/** Folders of a model that are no versions. */
const KNOWN_FOLDERS = new Set(['report']);
/** Folders that programs and systems leave anywhere, besides the hidden ones. */
const FOREIGN_FOLDERS = new Set([
  '__MACOSX',
  '__pycache__',
  'lost+found',
  '@eaDir',
  '#recycle',
  '#snapshot',
  '$RECYCLE.BIN',
  'System Volume Information',
]);

export function isModelName(name: string): boolean {
  return MODEL_NAME.test(name);
}

export function isVersion(name: string): boolean {
  return VERSION.test(name) && Number.isSafeInteger(Number(name));
}

/** Lists the model folders of a store; empty if the store does not exist. Files, hidden folders and those of other programs are ignored. */
export async function scanModels(modelsDir: string): Promise<ModelFolder[]> {
  const names = (await listFolders(modelsDir).catch(ifMissing<string[]>([]))).sort();
  return Promise.all(names.map((name) => scanFolder(name, join(modelsDir, name))));
}

/** Why a folder without versions is not served, with the folders in it that may have been meant. */
export function describeNoVersion({ otherFolders }: ModelFolder): string {
  const reason = 'it has no version: a folder such as 1/ with model.onnx in it';
  if (otherFolders.length === 0) return reason;
  const names = otherFolders.slice(0, MAX_NAMED).map((name) => `"${name}"`);
  return `${reason} (a version is ${VERSION_RULE}; there ${names.length > 1 ? 'are' : 'is'} ${names.join(', ')})`;
}

/** Identifies the state of all files in a model's folder. */
export function fingerprintOf({ problem, manifestFingerprint, contents, otherFolders }: ModelFolder): string {
  const versions = contents.map(({ version, fingerprint }) => `${version}: ${fingerprint}`);
  return [problem ?? '', manifestFingerprint, ...versions, otherFolders.join('/')].join('\n');
}

/** Never rejects: one folder that cannot be read must not keep the others from being served. */
async function scanFolder(name: string, path: string): Promise<ModelFolder> {
  if (!isModelName(name)) {
    return unusableFolder(name, path, `its folder is not named as a model can be: rename it to ${MODEL_NAME_RULE}`);
  }
  try {
    return await scanModel(name, path);
  } catch (error) {
    return unusableFolder(name, path, `its folder cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function unusableFolder(name: string, path: string, problem: string): ModelFolder {
  return { name, path, problem, manifestFingerprint: '', changedAt: 0, versions: [], contents: [], otherFolders: [] };
}

async function scanModel(name: string, path: string): Promise<ModelFolder> {
  const folders = await listFolders(path);
  const versions = folders.filter(isVersion).sort((a, b) => Number(b) - Number(a));
  const otherFolders = folders.filter((folder) => !isVersion(folder) && !KNOWN_FOLDERS.has(folder)).sort();
  const [folder, manifest, ...contents] = await Promise.all([
    stateOfFile(path, ''),
    stateOfFile(path, 'model.json'),
    ...versions.map((version) => scanVersion(version, join(path, version))),
  ]);
  const changedAt = latestChange([folder, manifest, ...contents]);
  return { name, path, manifestFingerprint: manifest.fingerprint, changedAt, versions, contents, otherFolders };
}

async function scanVersion(version: string, path: string): Promise<VersionFolder> {
  try {
    const names = await readdir(path).catch(ifMissing<string[]>([]));
    const files = await Promise.all(names.sort().map((name) => stateOfFile(path, name)));
    return {
      version,
      fingerprint: files.map(({ fingerprint }) => fingerprint).join(' '),
      changedAt: latestChange(files),
    };
  } catch (error) {
    // The other versions serve; the load of this one tells why it cannot.
    return { version, fingerprint: String((error as NodeJS.ErrnoException).code), changedAt: 0 };
  }
}

async function stateOfFile(folder: string, name: string): Promise<FileState> {
  const found = await stat(join(folder, name)).catch(ifMissing(undefined));
  if (!found) return { fingerprint: '', changedAt: 0 };
  const { ino, size, mtimeMs, ctimeMs } = found;
  return { fingerprint: `${name}:${ino}:${size}:${mtimeMs}:${ctimeMs}`, changedAt: ctimeMs };
}

function latestChange(states: readonly { readonly changedAt: number }[]): number {
  return Math.max(0, ...states.map(({ changedAt }) => changedAt));
}

/**
 * The real path of a file in the store.
 *
 * @throws Error where the file is missing or cannot be read, or a link leads out of the store
 */
export async function resolveInStore(modelsDir: string, ...parts: string[]): Promise<string> {
  const file = parts.at(-1)!;
  const [root, target] = await Promise.all(
    [modelsDir, join(modelsDir, ...parts)].map((path) => realpath(path).catch(ifMissing(undefined))),
  ).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read (${error.code})`, { cause: error });
  });
  if (root === undefined || target === undefined) throw new Error(`${file} is missing`);
  const inside = relative(root, target);
  if (inside === '..' || inside.startsWith(`..${sep}`)) throw new Error(`${file} is a link out of the model store`);
  return target;
}

/** Like `resolveInStore`, but undefined if the file does not exist. A dangling link is an error. */
export async function findInStore(modelsDir: string, ...parts: string[]): Promise<string | undefined> {
  const found = await lstat(join(modelsDir, ...parts)).catch(ifMissing(undefined));
  return found && resolveInStore(modelsDir, ...parts);
}

/** The folders in a folder, and the links that may be folders, without those that are hidden or of other programs. */
async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const visible = entries.filter(({ name }) => !name.startsWith('.') && !FOREIGN_FOLDERS.has(name));
  const areFolders = await Promise.all(visible.map((entry) => isFolder(path, entry)));
  return visible.filter((_, index) => areFolders[index]).map(({ name }) => name);
}

/** A link that leads nowhere counts: it is listed, with the reason. */
async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await stat(join(path, entry.name)).catch(() => undefined);
  return target?.isDirectory() ?? true;
}

/** Handles the error of a file or folder that does not exist or has been removed meanwhile. */
function ifMissing<T>(fallback: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') return fallback;
    throw error;
  };
}
