import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Manifest,
  type ModelFiles,
  readManifest,
  syncFolder,
  type VersionEntry,
  writeManifest,
  writeSynced,
} from '../../serving/index.js';
import { CommandError } from './command.js';

const PREFIX = '.staging-';
/** Whoever left it is not coming back. */
const ABANDONED_MS = 24 * 3_600_000;
/** A change of the manifest and a rename take milliseconds: one that takes this long was killed. */
const STALE_LOCK_MS = 10_000;
const LOCK_RETRY_MS = 20;

/**
 * A hidden folder in the store, which models are made ready in before one rename puts them into their place: on the same
 * file system, and passed over by whoever looks for models. It is gone when `work` is over, or the command is ended.
 */
export async function withStaging<T>(modelsDir: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(modelsDir, { recursive: true });
  await sweep(modelsDir);
  const folder = await mkdtemp(join(modelsDir, PREFIX));
  const endNow = (): void => {
    rmSync(folder, { recursive: true, force: true });
    process.stderr.write('Ended before it was done: the model store is as it was.\n');
    process.exit(1);
  };
  process.once('SIGINT', endNow).once('SIGTERM', endNow);
  try {
    return await work(folder);
  } finally {
    process.off('SIGINT', endNow).off('SIGTERM', endNow);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes a version's folder, and those around it: the model, and the files in which it keeps weights. */
export async function stageVersion(folder: string, { model, external }: ModelFiles): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'model.onnx');
  await writeSynced(file, model);
  for (const { path, data } of external) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeSynced(join(folder, path), data);
  }
  await syncFolder(folder);
  return file;
}

/** Puts a whole new model into the store, in one step. */
export async function publishModel(staged: string, modelsDir: string, name: string): Promise<void> {
  await rename(staged, join(modelsDir, name)).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`The model "${name}" cannot be put into ${modelsDir} (${error.code}): is it there already?`);
  });
  await syncFolder(modelsDir);
}

/**
 * Puts a new version into a model's folder: first what pins it, then the version, so that nobody finds it unpinned. Where
 * the second fails the first is taken back.
 */
export async function publishVersion(
  staged: string,
  folder: string,
  version: string,
  entry: VersionEntry,
): Promise<void> {
  await changeManifest(folder, async (manifest) => {
    const place = join(folder, version);
    if (await stat(place).catch(() => undefined)) throw new CommandError(`${place} is there already.`);
    await writeManifest(folder, withEntry(manifest, version, entry));
    try {
      await rename(staged, place);
    } catch (error) {
      await writeManifest(folder, manifest);
      throw error;
    }
    await syncFolder(folder);
  });
}

/** The manifest with this said of a version, beside what it says of it already. */
export function withEntry(manifest: Manifest, version: string, entry: VersionEntry): Manifest {
  const { versions = {} } = manifest;
  return { ...manifest, versions: { ...versions, [version]: { ...versions[version], ...entry } } };
}

/** Lets `change` read and write a model's manifest while no other command does. */
export async function changeManifest(folder: string, change: (manifest: Manifest) => Promise<void>): Promise<void> {
  const lock = join(folder, '.lock');
  while (!(await take(lock))) await delay(LOCK_RETRY_MS);
  try {
    await change((await readManifest(join(folder, 'model.json'))) ?? {});
  } finally {
    await rmdir(lock);
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await ageOf(lock)) > STALE_LOCK_MS) await rmdir(lock).catch(() => undefined);
    return false;
  }
}

/** Removes what commands that were killed have left. */
async function sweep(modelsDir: string): Promise<void> {
  for (const name of (await readdir(modelsDir)).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(modelsDir, name);
    if ((await ageOf(folder)) > ABANDONED_MS) await rm(folder, { recursive: true, force: true });
  }
}

async function ageOf(path: string): Promise<number> {
  return Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
}
