import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, type ModelFolder, readManifest, scanModels, type VersionEntry } from '../../serving/index.js';
import { CommandError } from '../command-line.js';

/** A model folder with its manifest. */
export interface StoredModel extends ModelFolder {
  readonly manifest: Manifest;
}

/** All models of the store, or the named ones, in that order. @throws CommandError for an empty store or an unknown name */
export async function findFolders(modelsDir: string, names: readonly string[] = []): Promise<ModelFolder[]> {
  const folders = await scanModels(modelsDir);
  if (folders.length === 0) throw new CommandError(`MODELS_DIR: there are no models in "${modelsDir}".`);
  if (names.length === 0) return folders;
  return names.map((name) => folders.find((folder) => folder.name === name) ?? throwUnknown(name, folders, modelsDir));
}

/** @throws CommandError for an unknown name or an invalid manifest */
export async function findModel(modelsDir: string, name: string): Promise<StoredModel> {
  const [folder] = await findFolders(modelsDir, [name]);
  return openModel(folder!);
}

/** @throws CommandError for a folder that cannot be served, or an invalid manifest */
export async function openModel(folder: ModelFolder): Promise<StoredModel> {
  if (folder.problem !== undefined) throw new CommandError(`${folder.path}: ${folder.problem}`);
  try {
    return { ...folder, manifest: (await readManifest(join(folder.path, 'model.json'))) ?? {} };
  } catch (error) {
    throw new CommandError(`${folder.path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Returns the version if the model has a folder for it. @throws CommandError */
export function findVersion({ name, versions }: ModelFolder, version: string): string {
  if (versions.includes(version)) return version;
  throw new CommandError(`The model "${name}" has no version ${version}. There are: ${versions.join(', ') || 'none'}.`);
}

export function entryOf({ versions }: Manifest, version: string): VersionEntry {
  return versions?.[version] ?? {};
}

/** The versions that are no candidates, newest first. */
export function servingVersions({ versions, manifest }: StoredModel): string[] {
  return versions.filter((version) => !entryOf(manifest, version).candidate);
}

/** One more than the highest version that exists as a folder or in the manifest. */
export function nextVersion({ versions, manifest }: StoredModel): string {
  const numbers = [...versions, ...Object.keys(manifest.versions ?? {})].map(Number);
  return String(Math.max(0, ...numbers) + 1);
}

/** Total size of the files in a folder, in bytes. */
export async function sizeOfFolder(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const sizes = files.map(async ({ parentPath, name }) => {
    return (await stat(join(parentPath, name)).catch(() => undefined))?.size ?? 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function throwUnknown(name: string, folders: readonly ModelFolder[], modelsDir: string): never {
  const names = folders.map((folder) => folder.name).join(', ');
  throw new CommandError(`There is no model "${name}" in ${modelsDir}. There are: ${names}.`);
}
