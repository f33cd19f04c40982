import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, type VersionEntry, writeManifest } from '../../serving/index.js';
import { CommandError } from '../command-line.js';
import { mergeVersionEntry, updateManifest } from './update-manifest.js';

/** Moves a new model from its staging folder into the store, in one rename. @throws CommandError */
export async function publishModel(staged: string, modelsDir: string, name: string): Promise<void> {
  await rename(staged, join(modelsDir, name)).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      `The model "${name}" cannot be moved into ${modelsDir} (${error.code}): does it exist already?`,
    );
  });
  await syncFolder(modelsDir);
}

/**
 * Moves a new version from its staging folder into the folder of its model. The manifest is written before the rename, so that
 * the version is never visible unpinned; it is restored if the rename fails.
 *
 * @throws CommandError if the version exists
 */
export async function publishVersion(
  staged: string,
  folder: string,
  version: string,
  entry: VersionEntry,
): Promise<void> {
  await updateManifest(folder, async (manifest) => {
    const target = join(folder, version);
    if (await stat(target).catch(() => undefined)) throw new CommandError(`${target} exists already.`);
    await writeManifest(folder, mergeVersionEntry(manifest, version, entry));
    try {
      await rename(staged, target);
    } catch (error) {
      await writeManifest(folder, manifest);
      throw error;
    }
    await syncFolder(folder);
  });
}
