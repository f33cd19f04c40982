import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, type ModelFolder, readManifest, scanModels, type VersionEntry } from '../../serving/index.js';
import { CommandError } from './command.js';

/** A model as its folder has it. */
export interface StoredModel extends ModelFolder {
  readonly manifest: Manifest;
}

/** Every model of the store, or those that are named, in that order. */
export async function findFolders(modelsDir: string, names: readonly string[] = []): Promise<ModelFolder[]> {
  const folders = await scanModels(modelsDir);
  if (folders.length === 0) throw new CommandError(`MODELS_DIR: there are no models in "${modelsDir}".`);
  if (names.length === 0) return folders;
  return names.map((name) => folders.find((folder) => folder.name === name) ?? refuseUnknown(name, folders, modelsDir));
}

/** The model of that name; throws where there is none, or its manifest cannot be read. */
export async function findModel(modelsDir: string, name: string): Promise<StoredModel> {
  const [folder] = await findFolders(modelsDir, [name]);
  return openModel(folder!);
}

export async function openModel(folder: ModelFolder): Promise<StoredModel> {
  try {
    return { ...folder, manifest: (await readManifest(join(folder.path, 'model.json'))) ?? {} };
  } catch (error) {
    throw new CommandError(`${folder.path}: ${(error as Error).message}`, { cause: error });
  }
}

/** One of the model's versions; throws where it has no such folder. */
export function findVersion({ name, versions }: ModelFolder, version: string): string {
  if (versions.includes(version)) return version;
  throw new CommandError(`The model "${name}" has no version ${version}. There are: ${versions.join(', ') || 'none'}.`);
}

export function entryOf({ versions }: Manifest, version: string): VersionEntry {
  return versions?.[version] ?? {};
}

/** Versions that serve without being chosen, newest first. */
export function servingVersions({ versions, manifest }: StoredModel): string[] {
  return versions.filter((version) => !entryOf(manifest, version).candidate);
}

/** The number after the highest there is, as a folder or in the manifest. */
export function nextVersion({ versions, manifest }: StoredModel): string {
  const numbers = [...versions, ...Object.keys(manifest.versions ?? {})].map(Number);
  return String(Math.max(0, ...numbers) + 1);
}

/** How many bytes there are in a folder. */
export async function sizeOfFolder(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const sizes = files.map(async ({ parentPath, name }) => {
    return (await stat(join(parentPath, name)).catch(() => undefined))?.size ?? 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function refuseUnknown(name: string, folders: readonly ModelFolder[], modelsDir: string): never {
  const names = folders.map((folder) => folder.name).join(', ');
  throw new CommandError(`There is no model "${name}" in ${modelsDir}. There are: ${names}.`);
}
