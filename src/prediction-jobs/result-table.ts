import { parseExactJson, stringifyExactJson } from '../platform/http/index.js';
import type { FinishedJob } from '../jobs/index.js';
import { CsvWriter, type FileRecord } from '../platform/records/index.js';
import { type KeptColumns, prefixTaken } from './kept-columns.js';
import type { PredictionPayload } from './prediction-payload.js';

/*
 * Columns of a result CSV, in this order:
 *
 * 1. the columns of the input, with the values that were sent;
 * 2. the members of a prediction: `label`, `value`, or a column per output of the model or per member of the pipeline's response
 *    (`answer` if the prediction is no object). `index` is left out beside `label`. `probabilities` becomes one column
 *    `probability_<label>` per label, empty for labels that the model did not return, and `values` one column
 *    `value_<name>` per target;
 * 3. `error`, the message of a failed row, if the job skips invalid rows (`onError=skip`).
 *
 * A column of 2 or 3 with the name of a feature gets the prefix `answer_`. A column of 1 that is no feature (`extra=keep`) has its
 * name in the JSON lines of the result, with the prefix `input_` where another column has this name.
 */

/** A parsed line of a result. */
export interface ResultLine {
  readonly error?: { readonly detail: string };
  readonly [field: string]: unknown;
}

/** Puts a prediction that is no object under the name `answer`, as in the JSON lines of a result. */
export function toResultLine(prediction: unknown): ResultLine {
  return isObject(prediction) ? prediction : { answer: prediction };
}

interface Column {
  readonly name: string;
  readonly read: (line: ResultLine) => unknown;
}

export interface TableOptions {
  /** Columns of the input. */
  readonly columns: readonly string[];
  /** Labels of the model's classes, if known. */
  readonly labels: readonly string[];
  /** Whether to add the column `error`. */
  readonly hasErrors: boolean;
  /** The columns of the input that are no features. */
  readonly kept?: KeptColumns | undefined;
}

/** Writes predictions beside their inputs as CSV. */
export class ResultTable {
  private readonly resultColumns: readonly Column[];
  private readonly writer: CsvWriter;

  /** @param sample a line with a prediction, which determines the columns; undefined if all rows failed */
  constructor(
    private readonly options: TableOptions,
    sample: ResultLine | undefined,
  ) {
    const { columns, labels, hasErrors, kept = [] } = options;
    const resultColumns = sample ? columnsOf(sample, labels, new Set(kept.map(([, name]) => name))) : [];
    if (hasErrors) resultColumns.push({ name: 'error', read: ({ error }) => error?.detail });
    const keptNames = new Map(kept);
    const features = new Set(columns.filter((column) => !keptNames.has(column)));
    this.resultColumns = resultColumns.map(({ name, read }) => ({
      name: features.has(name) ? `answer_${name}` : name,
      read,
    }));
    const resultNames = this.resultColumns.map(({ name }) => name);
    const taken = new Set([...features, ...resultNames]);
    const names = prefixTaken([...keptNames.values()], taken);
    const nameOf = new Map([...keptNames.keys()].map((column, index) => [column, names[index]!]));
    this.writer = new CsvWriter([...columns.map((column) => nameOf.get(column) ?? column), ...resultNames]);
  }

  header(): string {
    return this.writer.header();
  }

  rows(inputs: readonly unknown[], lines: readonly ResultLine[]): string {
    return this.writer.rows(
      inputs.map((input, index) => {
        const values = isObject(input) ? input : {};
        const line = lines[index]!;
        const sent = this.options.columns.map((name) => (Object.hasOwn(values, name) ? toCell(values[name]) : ''));
        return [...sent, ...this.resultColumns.map(({ read }) => toCell(read(line)))];
      }),
    );
  }
}

/** Writes the CSV of a finished job, reading its input and its result side by side. */
export async function* writeResultCsv(
  job: FinishedJob<PredictionPayload>,
  batches: AsyncIterable<readonly FileRecord[]>,
): AsyncGenerator<string> {
  const { columns, labels, onError, extra } = job.payload;
  const sample = await findPrediction(job.lines());
  const table = new ResultTable({ columns, labels, hasErrors: onError === 'skip', kept: extra?.kept }, sample);
  yield table.header();
  const lines = new ResultLineReader(job.lines());
  for await (const batch of batches) {
    yield table.rows(
      batch.map(({ value }) => value),
      await lines.read(batch.length),
    );
  }
}

async function findPrediction(chunks: AsyncIterable<Buffer>): Promise<ResultLine | undefined> {
  for await (const chunk of chunks) {
    const found = parseLines(chunk).find((line) => !isObject(line.error));
    if (found) return found;
  }
  return undefined;
}

/** Reads the lines of a result in numbers of the caller's choice. */
class ResultLineReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private lines: ResultLine[] = [];

  /** @param chunks of whole lines */
  constructor(chunks: AsyncIterable<Buffer>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  async read(count: number): Promise<ResultLine[]> {
    while (this.lines.length < count) {
      const next = await this.chunks.next();
      if (next.done) throw new Error(`A result has ${this.lines.length} lines left for ${count} rows of its input`);
      this.lines.push(...parseLines(next.value));
    }
    return this.lines.splice(0, count);
  }
}

function parseLines(chunk: Buffer): ResultLine[] {
  const texts = chunk.toString().split('\n');
  return texts.filter((text) => text !== '').map((text) => parseExactJson(text) as ResultLine);
}

/** The members that become a column for each of theirs, and how the names of these columns begin. */
const PREFIXES: Readonly<Record<string, string>> = { probabilities: 'probability', values: 'value' };

/** @param kept members of the line that are no part of the prediction */
function columnsOf(sample: ResultLine, labels: readonly string[], kept: ReadonlySet<string>): Column[] {
  const names = Object.keys(sample).filter(
    (name) => name !== 'row' && !kept.has(name) && !(name === 'index' && 'label' in sample),
  );
  return names.flatMap((name): Column[] => {
    const value = sample[name];
    const prefix = isObject(value) ? PREFIXES[name] : undefined;
    if (prefix === undefined) return [{ name, read: (line) => line[name] }];
    const all = name === 'probabilities' && labels.length > 0 ? labels : Object.keys(value as object);
    return all.map((member) => ({ name: `${prefix}_${member}`, read: (line) => readMember(line[name], member) }));
  });
}

/** Undefined for a label that is not among the most probable ones that were returned. */
function readMember(value: unknown, member: string): unknown {
  return isObject(value) && Object.hasOwn(value, member) ? value[member] : undefined;
}

function toCell(value: unknown): unknown {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? stringifyExactJson(value) : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
