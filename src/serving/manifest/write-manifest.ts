import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import stringify from 'json-stringify-pretty-compact';
import type { Manifest } from './manifest.js';

const MAX_LINE_LENGTH = 120;

/** Replaces `model.json` in a model's folder atomically and durably: readers see the old or the new content, also after a power failure. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const temporary = join(folder, `.model.json.${process.pid}`);
  await rm(temporary, { force: true });
  try {
    await writeSynced(temporary, formatManifest(manifest));
    await rename(temporary, join(folder, 'model.json'));
    await syncFolder(folder);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Writes a new file and flushes it to the disk. @throws EEXIST where the file exists */
export async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes the entries of a folder to the disk, after files have been created, renamed or removed in it. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The text of `model.json`: objects and arrays that fit on a line are on one line. */
export function formatManifest(manifest: Manifest): string {
  return `${stringify(manifest, { maxLength: MAX_LINE_LENGTH })}\n`;
}
