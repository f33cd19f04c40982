import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { declaredDelimiter, type Delimiter, detectFormat, type RecordFormat } from '../../platform/records/index.js';
import { CommandError } from '../command-line.js';

/** A file of rows that can be sent more than once. */
export interface InputFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly format: RecordFormat;
  /** Of CSV, if its name tells it. */
  readonly delimiter: Delimiter | undefined;
  /** Removes the temporary copy of standard input. */
  close(): Promise<void>;
}

const SNIFFED_BYTES = 1024;
/** Byte order marks, and half of the bytes of ASCII in UTF-16. */
const MARK_AND_NULS = /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)|\0/g;

/** @param file a path, or `-` for standard input @throws CommandError */
export async function openInput(file: string): Promise<InputFile> {
  const path = file === '-' ? await saveStandardInput() : file;
  const close = (): Promise<void> => (file === '-' ? rm(path, { force: true }) : Promise.resolve());
  try {
    const { size } = await stat(path);
    const format = detectFormat(undefined, file) ?? (await sniffFormat(path));
    const delimiter = declaredDelimiter(undefined, file);
    return { path, size, sha256: await digestOf(path), format, delimiter, close };
  } catch (error) {
    await close();
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Standard input can be read only once: it is copied to a temporary file. */
async function saveStandardInput(): Promise<string> {
  const path = join(tmpdir(), `barista-predict-${randomUUID()}`);
  await pipeline(process.stdin, createWriteStream(path, { mode: 0o600 }));
  return path;
}

/** Detects the format by the first character: `[` is JSON, `{` is JSON lines. */
async function sniffFormat(path: string): Promise<RecordFormat> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
    const start = buffer.toString('latin1', 0, bytesRead).replace(MARK_AND_NULS, '').trimStart();
    return start.startsWith('[') ? 'json' : start.startsWith('{') ? 'jsonl' : 'csv';
  } finally {
    await file.close();
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
