import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { decodeText } from '../../platform/config/index.js';
import { InvalidInputError } from '../../platform/http/index.js';
import { declaredDelimiter, detectFormat, readRecords } from '../../platform/records/index.js';
import { parseReferenceJson } from '../../serving/index.js';
import { CommandError } from '../command-line.js';

/** A row of a file. */
export interface FileRow {
  /** Where it is in the file: `line 4`, `row 3`. */
  readonly place: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Whether the values are texts, as in CSV. */
  readonly isText: boolean;
}

/** The content of a file of rows. */
export interface RowsFile {
  /** Of CSV, in order; else the keys of the rows. */
  readonly columns: readonly string[];
  readonly rows: readonly FileRow[];
}

/**
 * Reads rows: CSV, JSON lines, or JSON as it is sent to the model or kept in `reference.json`.
 *
 * @param names of features, which help to find the delimiter of CSV
 * @throws CommandError
 */
export async function readRowsFile(file: string, names: readonly string[]): Promise<RowsFile> {
  const format = detectFormat(undefined, file);
  if (!format) throw new CommandError(`${file}: expected a file of rows that ends in .csv, .json or .jsonl`);
  try {
    return format === 'json' ? await readJson(file) : await readLines(file, format, names);
  } catch (error) {
    throw new CommandError(`${file}: ${describeFileError(error)}`, { cause: error });
  }
}

/** The message for the author of a file that cannot be read. */
export function describeFileError(error: unknown): string {
  if (error instanceof InvalidInputError) return error.errors[0]?.message ?? error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is no such file' : message;
}

async function readLines(file: string, format: 'csv' | 'jsonl', names: readonly string[]): Promise<RowsFile> {
  const delimiter = declaredDelimiter(undefined, file);
  const reader = readRecords(createReadStream(file), format, { delimiter, columns: { names } });
  const rows: FileRow[] = [];
  for await (const records of reader) {
    for (const { position, value, error } of records) {
      if (error) throw new CommandError(error.message);
      rows.push(toRow(format === 'csv' ? value : inputOf(value), `line ${position}`, format === 'csv'));
    }
  }
  return { columns: reader.columns ?? keysOf(rows), rows };
}

async function readJson(file: string): Promise<RowsFile> {
  const content = parseReferenceJson(decodeText(await readFile(file))) as object | null;
  const { rows: ofReference, instances } = (content ?? {}) as { rows?: unknown; instances?: unknown };
  const list = [content, ofReference, instances].find(Array.isArray) ?? [content];
  const rows = (list as unknown[]).map((row, index) => toRow(inputOf(row), `row ${index + 1}`, false));
  return { columns: keysOf(rows), rows };
}

/** The input of a row as `reference.json` has it, or the row itself: no feature is an object. */
function inputOf(row: unknown): unknown {
  const { input } = (row ?? {}) as { input?: unknown };
  return isObject(input) ? input : row;
}

function keysOf(rows: readonly FileRow[]): string[] {
  return [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
}

function toRow(value: unknown, place: string, isText: boolean): FileRow {
  if (!isObject(value)) throw new CommandError(`${place} must be an object with a value for each feature`);
  return { place, values: value, isText };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
