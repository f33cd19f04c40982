import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveInStore } from '../../serving/index.js';

/** Allowed names. They contain no path separators and no leading dot. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.(png|txt|json)$/;
const MAX_FILE_BYTES = 5 * 2 ** 20;
const MAX_FILES = 50;
/** Fails on a symbolic link, and does not block on a named pipe. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Codes of errors that count as a missing file. */
const MISSING_CODES = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENXIO']);

/** PNG specification, 5.2. */
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** The signature, the length and name of the first chunk, and the width and height in it. */
const PNG_HEADER_BYTES = 24;

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

/** The `report` folder of a model. A symbolic link is not followed. */
export class ReportFolder {
  private constructor(private readonly path: string) {}

  /** Undefined if the model has no report. */
  static async of(modelsDir: string, model: string): Promise<ReportFolder | undefined> {
    const found = await lstat(join(modelsDir, model, 'report')).catch(ifMissing(undefined));
    if (!found?.isDirectory()) return undefined;
    const path = await resolveInStore(modelsDir, model, 'report').catch(() => undefined);
    return path === undefined ? undefined : new ReportFolder(path);
  }

  /** The files with an allowed name and size, sorted by name. */
  async list(): Promise<ReportFile[]> {
    const names = (await readdir(this.path).catch(ifMissing<string[]>([]))).filter((name) => FILE_NAME.test(name));
    const wanted = names.sort().slice(0, MAX_FILES);
    const files = await Promise.all(wanted.map((name) => this.open(name, (file) => file)));
    return files.filter((file) => file !== undefined);
  }

  /** The first bytes of a file; undefined if it is missing or not allowed. */
  read(name: string, bytes = MAX_FILE_BYTES): Promise<Buffer | undefined> {
    return this.open(name, async ({ size }, handle) => {
      const buffer = Buffer.alloc(Math.min(size, bytes));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
      return buffer.subarray(0, bytesRead);
    });
  }

  private async open<T>(
    name: string,
    work: (file: ReportFile, handle: FileHandle) => T | Promise<T>,
  ): Promise<T | undefined> {
    const kind = kindOf(name);
    if (kind === undefined) return undefined;
    const handle = await open(join(this.path, name), OPEN_FLAGS).catch(ifMissing(undefined));
    try {
      const stat = await handle?.stat();
      if (!handle || !stat?.isFile() || stat.size > MAX_FILE_BYTES) return undefined;
      return await work({ name, kind, size: stat.size }, handle);
    } finally {
      await handle?.close();
    }
  }
}

export function kindOf(name: string): ReportFileKind | undefined {
  return FILE_NAME.exec(name)?.[1] as ReportFileKind | undefined;
}

/** The size of a PNG, from its header; undefined for other data. */
export function sizeOfPng(bytes: Buffer): PictureSize | undefined {
  if (bytes.length < PNG_HEADER_BYTES || !bytes.subarray(0, 8).equals(PNG_SIGNATURE)) return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

function ifMissing<T>(fallback: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (MISSING_CODES.has(error.code ?? '')) return fallback;
    throw error;
  };
}
