import { parseExactJson, stringifyExactJson } from '../platform/http/index.js';
import type { FinishedJob } from '../jobs/index.js';
import { CsvWriter, type FileRecord } from '../platform/records/index.js';
import type { PredictionPayload } from './prediction-payload.js';

/** A line of a result, read. */
export interface ResultLine {
  readonly error?: { readonly detail: string };
  readonly [field: string]: unknown;
}

/** An answer as a line has it: what is no object stands under a name. */
export function toResultLine(prediction: unknown): ResultLine {
  return isObject(prediction) ? prediction : { answer: prediction };
}

interface Column {
  readonly name: string;
  readonly of: (line: ResultLine) => unknown;
}

/** What a table needs to know beside its rows. */
export interface TableOptions {
  readonly columns: readonly string[];
  readonly labels: readonly string[];
  readonly hasErrors: boolean;
}

/** A table of inputs and answers, line by line: the input's columns, those of the answer, and what went wrong. */
export class ResultTable {
  private readonly answer: readonly Column[];
  private readonly writer: CsvWriter;

  /** @param sample a line with an answer, which tells what there is in one; undefined where no row has an answer */
  constructor(
    private readonly options: TableOptions,
    sample: ResultLine | undefined,
  ) {
    const { columns, labels, hasErrors } = options;
    const answer = sample ? columnsOf(sample, labels) : [];
    if (hasErrors) answer.push({ name: 'error', of: ({ error }) => error?.detail });
    const taken = new Set(columns);
    this.answer = answer.map(({ name, of }) => ({ name: taken.has(name) ? `answer_${name}` : name, of }));
    this.writer = new CsvWriter([...columns, ...this.answer.map(({ name }) => name)]);
  }

  header(): string {
    return this.writer.header();
  }

  rows(inputs: readonly unknown[], lines: readonly ResultLine[]): string {
    return this.writer.rows(
      inputs.map((input, index) => {
        const values = isObject(input) ? input : {};
        const line = lines[index]!;
        const own = this.options.columns.map((name) => (Object.hasOwn(values, name) ? cellOf(values[name]) : ''));
        return [...own, ...this.answer.map(({ of }) => (line.error && of(line) === undefined ? '' : cellOf(of(line))))];
      }),
    );
  }
}

/** The table of a finished job: its input is read beside its result. */
export async function* tableOf(
  job: FinishedJob<PredictionPayload>,
  batches: AsyncIterable<readonly FileRecord[]>,
): AsyncGenerator<string> {
  const { columns, labels, onError } = job.payload;
  const table = new ResultTable({ columns, labels, hasErrors: onError === 'skip' }, await firstAnswer(job.lines()));
  yield table.header();
  const lines = new LineSource(job.lines());
  for await (const batch of batches) {
    yield table.rows(
      batch.map(({ value }) => value),
      await lines.take(batch.length),
    );
  }
}

async function firstAnswer(pieces: AsyncIterable<Buffer>): Promise<ResultLine | undefined> {
  for await (const piece of pieces) {
    const found = linesIn(piece).find((line) => !isObject(line.error));
    if (found) return found;
  }
  return undefined;
}

/** Takes so many lines at a time from pieces that hold any number of them. */
class LineSource {
  private readonly pieces: AsyncIterator<Buffer>;
  private lines: ResultLine[] = [];

  constructor(pieces: AsyncIterable<Buffer>) {
    this.pieces = pieces[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<ResultLine[]> {
    while (this.lines.length < count) {
      const next = await this.pieces.next();
      if (next.done) throw new Error(`A result has ${this.lines.length} lines where its input has ${count} rows`);
      this.lines.push(...linesIn(next.value));
    }
    return this.lines.splice(0, count);
  }
}

function linesIn(piece: Buffer): ResultLine[] {
  const texts = piece.toString().split('\n');
  return texts.filter((text) => text !== '').map((text) => parseExactJson(text) as ResultLine);
}

/** A column for each thing that is said; of probabilities, one for each label. */
function columnsOf(sample: ResultLine, labels: readonly string[]): Column[] {
  const names = Object.keys(sample).filter((name) => name !== 'row' && !(name === 'index' && 'label' in sample));
  return names.flatMap((name): Column[] => {
    const value = sample[name];
    if (name !== 'probabilities' || !isObject(value)) return [{ name, of: (line) => line[name] }];
    const all = labels.length > 0 ? labels : Object.keys(value);
    return all.map((label) => ({ name: `probability_${label}`, of: (line) => probabilityOf(line, label) }));
  });
}

/** Nothing, where it is none of the most probable that the model was asked for. */
function probabilityOf({ probabilities }: ResultLine, label: string): unknown {
  return isObject(probabilities) && Object.hasOwn(probabilities, label) ? probabilities[label] : undefined;
}

function cellOf(value: unknown): unknown {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? stringifyExactJson(value) : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
