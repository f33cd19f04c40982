import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { externalFiles } from '../graph/external-data.js';

/** Expected sha256 hashes of a model's files, in hexadecimal digits; a file without one is not pinned. */
export interface Pins {
  readonly sha256?: string;
  /** External weight files, by their paths relative to the model. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The contents of a model and its external weight files. */
export interface ModelFiles {
  readonly model: Buffer;
  readonly sha256: string;
  readonly external: readonly ExternalFile[];
}

interface ExternalFile {
  /** As the model writes it; one file may be written in several ways. */
  readonly path: string;
  readonly data: Buffer;
  readonly sha256: string;
}

/** The most bytes of one read call, and of one update of a hash. */
const CHUNK_BYTES = 2 ** 30;

/**
 * Reads a model and its external weight files once, so that the verified bytes are the loaded ones even if the files change
 * meanwhile.
 *
 * @throws Error with a message for the operator, where a file is missing, is outside the model's folder, or has another hash
 */
export function readModelFiles(file: string, pins: Pins): ModelFiles {
  const model = readWhole(file, 'the file');
  const sha256 = sha256Of(model);
  if (pins.sha256 !== undefined && pins.sha256 !== sha256) {
    throw new Error(`the file has sha256 ${sha256}, but model.json expects ${pins.sha256}`);
  }
  return { model, sha256, external: externalFiles(model).map((path) => readExternal(dirname(file), path, pins)) };
}

/** The hashes of these files. */
export function pinsOf({ sha256, external }: ModelFiles): Required<Pins> {
  return { sha256, files: Object.fromEntries(external.map((file) => [posix.normalize(file.path), file.sha256])) };
}

function readExternal(folder: string, path: string, { files }: Pins): ExternalFile {
  const name = [posix.normalize(path), path].find((key) => files && Object.hasOwn(files, key));
  const pinned = name === undefined ? undefined : files?.[name];
  if (files && pinned === undefined) {
    throw new Error(`the model keeps weights in "${path}", which "files" in model.json does not list`);
  }
  const data = readWhole(resolveInside(folder, path), `"${path}", in which the model keeps weights,`);
  const sha256 = sha256Of(data);
  if (pinned !== undefined && pinned !== sha256) {
    throw new Error(`"${path}" has sha256 ${sha256}, but model.json expects ${pinned}`);
  }
  return { path, data, sha256 };
}

/** The real path of a file named by a model. @throws Error where dots or links lead out of the model's folder */
function resolveInside(folder: string, path: string): string {
  let file: string;
  try {
    file = realpathSync(join(folder, path));
  } catch {
    throw new Error(`"${path}", in which the model keeps weights, is missing beside it`);
  }
  const inside = relative(realpathSync(folder), file);
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw new Error(`the model keeps weights in "${path}", which is outside of its folder`);
  }
  return file;
}

function readWhole(path: string, description: string): Buffer {
  try {
    return readInChunks(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${description} cannot be read (${code})`, { cause: error });
  }
}

/** `readFileSync` is limited to 2 GB. */
function readInChunks(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(file).size);
    let at = 0;
    while (at < bytes.length) {
      const read = readSync(file, bytes, at, Math.min(bytes.length - at, CHUNK_BYTES), at);
      if (read === 0) break;
      at += read;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(file);
  }
}

function sha256Of(bytes: Buffer): string {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) hash.update(bytes.subarray(at, at + CHUNK_BYTES));
  return hash.digest('hex');
}
