import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseExactJson } from '../../platform/http/index.js';
import { readRecords, type RecordReader } from '../../platform/records/index.js';
import {
  formatKept,
  formatResultLine,
  type KeptColumns,
  nameKeptColumns,
  ResultTable,
  toResultLine,
} from '../../prediction-jobs/index.js';
import { CommandError } from '../command-line.js';
import { ApiError } from './api-client.js';
import type { PredictContext } from './predict-context.js';
import { contentTypeOf, delimiterOf, queryOf } from './request-format.js';

/** Bytes. The default limit of an application for one request. */
const MAX_SIZE = 32 * 2 ** 20;

/**
 * Predicts the file in one request, without an API key.
 *
 * @throws CommandError if that needs a key: the model is not public, the file is too large, or invalid rows are to be skipped
 */
export async function predictSynchronously(context: PredictContext): Promise<void> {
  const { input, options, model, api, bar } = context;
  if (model.access !== 'public') throw keyRequired(`The model "${options.model}" is not public.`, options.url);
  if (options.onError !== 'reject') throw keyRequired(`--on-error ${options.onError} needs a job.`, options.url);
  if (input.size > MAX_SIZE) throw keyRequired('The file is too large for one request.', options.url);
  const path = `/models/${encodeURIComponent(options.model)}/predict${queryOf(context)}`;
  const { type, body } = await encodeMultipart(context);
  const text = await api.text(path, { method: 'POST', headers: { 'Content-Type': type }, body }).catch((error) => {
    const isTooLarge = error instanceof ApiError && error.status === 413;
    throw isTooLarge ? keyRequired(error.message, options.url) : error;
  });
  const { predictions } = parseExactJson(text) as { predictions: unknown[] };
  await write(context, predictions);
  bar.print(`${predictions.length.toLocaleString('en')} rows`);
}

async function write(context: PredictContext, predictions: readonly unknown[]): Promise<void> {
  const kept = context.options.extra ? await findKept(context) : [];
  return context.format === 'jsonl' ? writeLines(context, predictions, kept) : writeTable(context, predictions, kept);
}

async function writeLines(context: PredictContext, predictions: readonly unknown[], kept: KeptColumns): Promise<void> {
  const { output, input } = context;
  if (kept.length === 0) {
    for (const [row, prediction] of predictions.entries()) await output.write(formatResultLine(row, prediction));
    return;
  }
  let row = 0;
  for await (const batch of readInput(context)) {
    for (const { value } of batch) {
      await output.write(formatResultLine(row, predictions[row], formatKept(value, kept, input.format === 'csv')));
      row += 1;
    }
  }
}

async function writeTable(context: PredictContext, predictions: readonly unknown[], kept: KeptColumns): Promise<void> {
  const { output, model } = context;
  const lines = predictions.map(toResultLine);
  const labels = model.output?.properties?.label?.enum ?? [];
  const reader = readInput(context);
  let table: ResultTable | undefined;
  let row = 0;
  for await (const batch of reader) {
    const columns = reader.columns ?? [...fieldsOf(context), ...kept.map(([column]) => column)];
    if (!table) {
      table = new ResultTable({ columns, labels, hasErrors: false, kept }, lines[0]);
      await output.write(table.header());
    }
    const inputs = batch.map(({ value }) => value);
    await output.write(table.rows(inputs, lines.slice(row, row + batch.length)));
    row += batch.length;
  }
}

/** Reads the file as the application has read it. */
function readInput(context: PredictContext): RecordReader {
  const { input, options } = context;
  const names = fieldsOf(context);
  const reading = { charset: options.charset, delimiter: delimiterOf(context), names };
  return readRecords(createReadStream(input.path), input.format, reading);
}

/** The columns, or keys of rows, that are no features, as the application names them in the result of a job. */
async function findKept(context: PredictContext): Promise<KeptColumns> {
  const known = new Set(fieldsOf(context));
  const found = new Set<string>();
  const reader = readInput(context);
  for await (const batch of reader) {
    const rows = reader.columns ? [reader.columns] : batch.map(({ value }) => Object.keys(value as object));
    for (const row of rows) for (const key of row) if (!known.has(key)) found.add(key);
  }
  return nameKeptColumns([...found], Object.keys(context.model.output?.properties ?? {}));
}

function fieldsOf({ model }: PredictContext): string[] {
  return Object.keys(model.input?.properties ?? {});
}

/** The file as `multipart/form-data` (RFC 7578). */
async function encodeMultipart(context: PredictContext): Promise<{ type: string; body: Buffer }> {
  const { path, format } = context.input;
  const boundary = `barista-${randomUUID()}`;
  const disposition = `Content-Disposition: form-data; name="file"; filename="rows.${format}"`;
  const head = `--${boundary}\r\n${disposition}\r\nContent-Type: ${contentTypeOf(context)}\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), await readFile(path), Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { type: `multipart/form-data; boundary=${boundary}`, body };
}

function keyRequired(reason: string, url: string): CommandError {
  return new CommandError(`${reason} This needs an API key, in BARISTA_API_KEY or --key. To get one, as a member:

  curl -c cookies.txt -X POST ${url}/auth/login -H 'Content-Type: application/json' -d '{"email":"…","password":"…"}'
  curl -b cookies.txt -X POST ${url}/auth/api-keys -H 'Content-Type: application/json' -d '{"name":"predictions"}'`);
}
