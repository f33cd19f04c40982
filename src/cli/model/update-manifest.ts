import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Manifest, readManifest, type VersionEntry } from '../../serving/index.js';
import { ageOf } from './staging-folder.js';

/** An update takes milliseconds: a lock of this age was left by a command that was killed. */
const STALE_LOCK_MS = 10_000;
const LOCK_RETRY_MS = 20;

/** Runs `update` with a model's manifest under a lock that excludes other commands. `update` writes the manifest itself. */
export async function updateManifest(folder: string, update: (manifest: Manifest) => Promise<void>): Promise<void> {
  const lock = join(folder, '.lock');
  while (!(await acquire(lock))) await delay(LOCK_RETRY_MS);
  try {
    await update((await readManifest(join(folder, 'model.json'))) ?? {});
  } finally {
    await rmdir(lock);
  }
}

/** The manifest with the members of `entry` added to the entry of a version. */
export function mergeVersionEntry(manifest: Manifest, version: string, entry: VersionEntry): Manifest {
  const { versions = {} } = manifest;
  return { ...manifest, versions: { ...versions, [version]: { ...versions[version], ...entry } } };
}

/** The lock is a folder, because `mkdir` is atomic. */
async function acquire(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await ageOf(lock)) > STALE_LOCK_MS) await rmdir(lock).catch(() => undefined);
    return false;
  }
}
