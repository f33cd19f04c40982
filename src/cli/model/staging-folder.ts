import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ModelFiles, syncFolder, writeSynced } from '../../serving/index.js';

const PREFIX = '.staging-';
/** A staging folder of this age was left by a command that was killed. */
const ABANDONED_MS = 24 * 3_600_000;

/**
 * Creates a hidden folder in the store, in which a version is prepared before a single rename publishes it. It is on the same
 * file system as the store, and a scan for models ignores it. It is removed when `work` ends or the command is interrupted.
 */
export async function withStagingFolder<T>(modelsDir: string, work: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(modelsDir, { recursive: true });
  await removeAbandonedFolders(modelsDir);
  const folder = await mkdtemp(join(modelsDir, PREFIX));
  const abort = (): void => {
    rmSync(folder, { recursive: true, force: true });
    process.stderr.write('Interrupted: the model store is unchanged.\n');
    process.exit(1);
  };
  process.once('SIGINT', abort).once('SIGTERM', abort);
  try {
    return await work(folder);
  } finally {
    process.off('SIGINT', abort).off('SIGTERM', abort);
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Writes the files of a version into a folder, which is created: the model, and the files with its weights.
 *
 * @returns the path of the model file
 */
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

async function removeAbandonedFolders(modelsDir: string): Promise<void> {
  for (const name of (await readdir(modelsDir)).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(modelsDir, name);
    if ((await ageOf(folder)) > ABANDONED_MS) await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds since the last modification; 0 if the path does not exist. */
export async function ageOf(path: string): Promise<number> {
  return Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
}
