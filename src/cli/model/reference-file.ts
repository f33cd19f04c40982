import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { decodeText } from '../../platform/config/index.js';
import { isDecimal, parseExactJson } from '../../platform/http/index.js';
import { declaredDelimiter, detectFormat, type FileRecord, readRecords } from '../../platform/records/index.js';
import {
  InvalidReferenceError,
  type ModelVersion,
  outputSchema,
  parseReference,
  parseReferenceJson,
  type Reference,
  verifyReference,
} from '../../serving/index.js';
import { CommandError } from '../command-line.js';
import { describeFileError } from './rows-file.js';

/**
 * Columns of outputs that have several members: `probability.setosa` is the member `setosa` of `probabilities`. The result of a
 * job has an underscore.
 */
const MEMBERS: readonly (readonly [prefix: string, output: string])[] = [
  ['probability.', 'probabilities'],
  ['probability_', 'probabilities'],
  ['values.', 'values'],
];
const NAMELESS = 'a column has no name (pandas writes an index so, unless told index=False)';
const JSON_CELL = /^\s*[[{]/;

/** What the cells of a column are. */
interface Column {
  readonly name: string;
  /** The output that the cell belongs to; undefined for a feature. */
  readonly output?: string;
  /** Of that output. */
  readonly member?: string;
}

/**
 * Reads a file of reference rows, CSV, JSON or JSON lines, and verifies that a version reproduces them.
 *
 * @throws CommandError naming the file and the first row at fault
 */
export async function readVerifiedReference(file: string, version: ModelVersion): Promise<Reference> {
  const source = basename(file);
  try {
    const reference = await readReferenceFile(file, version);
    await verifyReference(reference, version, { source });
    return reference;
  } catch (error) {
    throw new CommandError(`${file}: ${describeFileError(error)}`, { cause: error });
  }
}

async function readReferenceFile(file: string, version: ModelVersion): Promise<Reference> {
  const format = detectFormat(undefined, file);
  if (format === 'json') return parseReference(nestOutputs(parseReferenceJson(decodeText(await readFile(file)))));
  if (format === 'csv') return readCsv(file, version);
  if (format === 'jsonl') return readJsonLines(file);
  throw new InvalidReferenceError('expected a file of rows that ends in .csv, .json or .jsonl');
}

async function readJsonLines(file: string): Promise<Reference> {
  const rows: unknown[] = [];
  for await (const records of readRecords(createReadStream(file), 'jsonl')) {
    for (const { value, error } of records) {
      if (error) throw new InvalidReferenceError(error.message);
      rows.push(value);
    }
  }
  return parseReference(nestOutputs(rows));
}

/** Rows may also have their outputs beside `input`: `{"input":{…},"label":"setosa"}`. */
function nestOutputs(content: unknown): unknown {
  if (Array.isArray(content)) return content.map(nestOutputsOfRow);
  const { rows } = (content ?? {}) as { rows?: unknown };
  return Array.isArray(rows) ? { ...(content as object), rows: rows.map(nestOutputsOfRow) } : content;
}

function nestOutputsOfRow(row: unknown): unknown {
  if (typeof row !== 'object' || row === null || !('input' in row) || 'output' in row) return row;
  const { input, ...output } = row;
  return { input, output };
}

async function readCsv(file: string, version: ModelVersion): Promise<Reference> {
  const names = version.schema!.fields.map(({ name }) => name);
  const reader = readRecords(createReadStream(file), 'csv', {
    delimiter: declaredDelimiter(undefined, file),
    columns: { names },
  });
  const rows: object[] = [];
  let columns: readonly Column[] | undefined;
  for await (const records of reader) {
    columns ??= columnsOf(reader.columns ?? [], version);
    for (const record of records) rows.push(toRow(record, columns, version));
  }
  return parseReference(rows);
}

/** @throws InvalidReferenceError for a column that is neither a feature nor an output */
function columnsOf(names: readonly string[], { schema, signature, manifest }: ModelVersion): readonly Column[] {
  const features = schema!.fields.map(({ name }) => name);
  const outputs = Object.keys(outputSchema(signature!, manifest).properties as object);
  const columns = names.map((name): Column => {
    if (features.includes(name)) return { name };
    const output = outputColumnOf(name, outputs);
    if (output) return { name, ...output };
    if (name === '') throw new InvalidReferenceError(NAMELESS);
    const known = `its features are ${features.join(', ')}, and its outputs ${outputs.map(columnOf).join(', ')}`;
    throw new InvalidReferenceError(`"${name}" is no column of this model: ${known}`);
  });
  if (columns.some(({ output }) => output !== undefined)) return columns;
  throw new InvalidReferenceError(`no column has an output of the model: ${outputs.map(columnOf).join(', ')}`);
}

/** The output that a column belongs to; undefined for none. @param outputs the members of a prediction */
export function outputColumnOf(
  column: string,
  outputs: readonly string[],
): { readonly output: string; readonly member?: string } | undefined {
  const found = MEMBERS.find(([prefix, output]) => column.startsWith(prefix) && outputs.includes(output));
  if (found) return { output: found[1], member: column.slice(found[0].length) };
  return outputs.includes(column) ? { output: column } : undefined;
}

function columnOf(output: string): string {
  const prefix = MEMBERS.find(([, name]) => name === output)?.[0];
  return prefix === undefined ? output : `${prefix}<name>`;
}

function toRow({ position, value, error }: FileRecord, columns: readonly Column[], version: ModelVersion): object {
  if (error) throw new InvalidReferenceError(error.message);
  const cells = value as Readonly<Record<string, string>>;
  const texts: Record<string, string> = {};
  const output: Record<string, unknown> = {};
  for (const { name, output: key, member } of columns) {
    const cell = cells[name];
    if (cell === undefined) continue;
    if (key === undefined) texts[name] = cell;
    else if (member === undefined) output[key] = parseOutput(cell, key);
    else output[key] = { ...(output[key] as object), [member]: requireNumber(cell, name, position) };
  }
  if (Object.keys(output).length === 0) throw new InvalidReferenceError(`line ${position} has no output`);
  return { input: version.fromForm(texts), output };
}

/** A label stays text: it may be `007`. */
function parseOutput(cell: string, output: string): unknown {
  if (output === 'label') return cell;
  if (JSON_CELL.test(cell)) return parseExactJson(cell);
  return isDecimal(cell) ? Number(cell) : cell;
}

function requireNumber(cell: string, column: string, line: number): number {
  if (isDecimal(cell)) return Number(cell);
  throw new InvalidReferenceError(`line ${line}: ${column} must be a number, got "${cell}"`);
}
