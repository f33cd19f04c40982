import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileInStore } from '../../store/scan-models.js';

/** What a report's file may be called: so no name leads anywhere else. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.(png|txt|json)$/;
const MAX_FILE_BYTES = 5 * 2 ** 20;
const MAX_FILES = 50;
/** What there is to open is a file itself: no link, and no pipe that would keep the reader waiting. */
const AS_IT_IS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Nothing is there, or nothing that is to be seen. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO']);

const SIGNATURE_OF_PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** The signature, the length and name of the first chunk, and the width and height in it. */
const BYTES_OF_PNG_HEADER = 24;

export type ReportFileKind = 'png' | 'txt' | 'json';

export interface ReportFile {
  readonly name: string;
  readonly kind: ReportFileKind;
  readonly size: number;
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The files in a model's `report` folder that may be shown, by name; none where there is no such folder. */
export async function listReportFiles(modelsDir: string, model: string): Promise<ReportFile[]> {
  const folder = await reportFolder(modelsDir, model);
  const names = folder === undefined ? [] : await readdir(folder).catch(ifNotThere([]));
  const wanted = names
    .filter((name) => FILE_NAME.test(name))
    .sort()
    .slice(0, MAX_FILES);
  const files = await Promise.all(wanted.map((name) => withFile(modelsDir, model, name, (file) => file)));
  return files.filter((file) => file !== undefined);
}

/** The first bytes of one of them; undefined where it is not there. */
export function readReportFile(
  modelsDir: string,
  model: string,
  name: string,
  bytes = MAX_FILE_BYTES,
): Promise<Buffer | undefined> {
  return withFile(modelsDir, model, name, async ({ size }, handle) => {
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  });
}

export function kindOf(name: string): ReportFileKind | undefined {
  return FILE_NAME.exec(name)?.[1] as ReportFileKind | undefined;
}

/** The size of a picture from its first bytes; undefined where they are not those of a PNG. */
export function sizeOfPng(bytes: Buffer): PictureSize | undefined {
  if (bytes.length < BYTES_OF_PNG_HEADER || !bytes.subarray(0, 8).equals(SIGNATURE_OF_PNG)) return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

async function withFile<T>(
  modelsDir: string,
  model: string,
  name: string,
  work: (file: ReportFile, handle: FileHandle) => T | Promise<T>,
): Promise<T | undefined> {
  const kind = kindOf(name);
  const folder = kind && (await reportFolder(modelsDir, model));
  if (kind === undefined || folder === undefined) return undefined;
  const handle = await open(join(folder, name), AS_IT_IS).catch(ifNotThere(undefined));
  try {
    const stat = await handle?.stat();
    if (!handle || !stat?.isFile() || stat.size > MAX_FILE_BYTES) return undefined;
    return await work({ name, kind, size: stat.size }, handle);
  } finally {
    await handle?.close();
  }
}

/** A folder of its own in the store, not a link to another. */
async function reportFolder(modelsDir: string, model: string): Promise<string | undefined> {
  const found = await lstat(join(modelsDir, model, 'report')).catch(ifNotThere(undefined));
  if (!found?.isDirectory()) return undefined;
  return fileInStore(modelsDir, model, 'report').catch(() => undefined);
}

function ifNotThere<T>(fallback: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (NOT_THERE.has(error.code ?? '')) return fallback;
    throw error;
  };
}
