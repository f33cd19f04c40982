import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveInStore } from '../../serving/index.js';

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

/** A model's `report` folder: a folder of its own in the store, not a link to another. */
export class ReportFolder {
  private constructor(private readonly path: string) {}

  /** Undefined where there is none. */
  static async of(modelsDir: string, model: string): Promise<ReportFolder | undefined> {
    const found = await lstat(join(modelsDir, model, 'report')).catch(ifNotThere(undefined));
    if (!found?.isDirectory()) return undefined;
    const path = await resolveInStore(modelsDir, model, 'report').catch(() => undefined);
    return path === undefined ? undefined : new ReportFolder(path);
  }

  /** The files that may be shown, by name. */
  async list(): Promise<ReportFile[]> {
    const names = (await readdir(this.path).catch(ifNotThere<string[]>([]))).filter((name) => FILE_NAME.test(name));
    const wanted = names.sort().slice(0, MAX_FILES);
    const files = await Promise.all(wanted.map((name) => this.open(name, (file) => file)));
    return files.filter((file) => file !== undefined);
  }

  /** The first bytes of a file that may be shown; undefined where it is not there. */
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
    const handle = await open(join(this.path, name), AS_IT_IS).catch(ifNotThere(undefined));
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

/** The size of a picture from its first bytes; undefined where they are not those of a PNG. */
export function sizeOfPng(bytes: Buffer): PictureSize | undefined {
  if (bytes.length < BYTES_OF_PNG_HEADER || !bytes.subarray(0, 8).equals(SIGNATURE_OF_PNG)) return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

function ifNotThere<T>(fallback: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (NOT_THERE.has(error.code ?? '')) return fallback;
    throw error;
  };
}
