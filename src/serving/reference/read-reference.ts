import { readFile, stat } from 'node:fs/promises';
import { decodeText } from '../../platform/config/index.js';
import { MalformedRequestError, parseExactJson, stringifyExactJson } from '../../platform/http/index.js';
import {
  DEFAULT_TOLERANCE,
  InvalidReferenceError,
  type Reference,
  REFERENCE_FILE,
  referenceRow,
  type ReferenceRow,
} from './reference.js';

/** The application parses the file in its only thread. */
const MAX_BYTES = 8 * 2 ** 20;
const ROW_KEYS = ['input', 'output'];
const KEYS = ['rows', 'tolerance'];
/** As Python writes it into what is no JSON then. */
const PYTHON_NUMBER = /[[:,]\s*-?(?:NaN|Infinity)\b/;

/** Reads `reference.json`. @throws InvalidReferenceError */
export async function readReference(file: string): Promise<Reference> {
  try {
    return parseReference(parseReferenceJson(await readText(file)));
  } catch (error) {
    throw error instanceof InvalidReferenceError
      ? new InvalidReferenceError(`${REFERENCE_FILE}: ${error.message}`)
      : error;
  }
}

/** Validates the structure of reference rows: `{"rows": […], "tolerance"}`, or the list of rows. @throws InvalidReferenceError */
export function parseReference(value: unknown): Reference {
  const content = Array.isArray(value) ? { rows: value as unknown[] } : value;
  if (!isObject(content)) throw new InvalidReferenceError('expected {"rows":[{"input":{…},"output":{…}}, …]}');
  requireKnownKeys(content, KEYS, 'it');
  const { rows, tolerance = DEFAULT_TOLERANCE } = content;
  if (!Array.isArray(rows) || rows.length === 0) {
    throw new InvalidReferenceError('"rows" must be a list of at least one {"input":{…},"output":{…}}');
  }
  if (typeof tolerance !== 'number' || tolerance < 0) {
    throw new InvalidReferenceError('"tolerance" must be a number of at least 0');
  }
  return { rows: rows.map(parseRow), tolerance };
}

/** The text of `reference.json`, a row on each line. @throws InvalidReferenceError if it would be too large to read */
export function formatReference({ rows, tolerance }: Reference): string {
  const lines = rows.map((row) => stringifyExactJson(row)).join(',\n');
  const text = `{"rows":[\n${lines}\n],"tolerance":${tolerance}}\n`;
  requireSize(Buffer.byteLength(text));
  return text;
}

/** Parses JSON with exact integers. @throws InvalidReferenceError */
export function parseReferenceJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    if (!(error instanceof MalformedRequestError)) throw new InvalidReferenceError((error as Error).message);
    const hint = PYTHON_NUMBER.test(text) ? ': write null for a missing value, not NaN' : '';
    throw new InvalidReferenceError(`it is not well-formed JSON${hint}`);
  }
}

async function readText(file: string): Promise<string> {
  try {
    requireSize((await stat(file)).size);
    return decodeText(await readFile(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new InvalidReferenceError(`it cannot be read (${code})`, { cause: error });
  }
}

function requireSize(bytes: number): void {
  if (bytes <= MAX_BYTES) return;
  throw new InvalidReferenceError(`it may have at most ${MAX_BYTES / 2 ** 20} MB: keep fewer rows`);
}

function parseRow(row: unknown, index: number): ReferenceRow {
  const name = referenceRow(index);
  if (!isObject(row)) throw new InvalidReferenceError(`${name} must be {"input":{…},"output":{…}}`);
  requireKnownKeys(row, ROW_KEYS, name);
  const { input, output } = row;
  if (!isObject(input))
    throw new InvalidReferenceError(`${name}: "input" must be an object with a value for each feature`);
  if (!isObject(output) || Object.keys(output).length === 0) {
    throw new InvalidReferenceError(`${name}: "output" must be an object such as {"label":"setosa"} or {"value":4.2}`);
  }
  return { input, output };
}

function requireKnownKeys(value: object, known: readonly string[], name: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new InvalidReferenceError(`${name} has an unknown key "${unknown}"; known: ${known.join(', ')}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
