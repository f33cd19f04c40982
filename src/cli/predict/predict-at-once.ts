import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseExactJson } from '../../platform/http/index.js';
import { readRecords } from '../../platform/records/index.js';
import { toResultLine, formatResultLine, ResultTable } from '../../prediction-jobs/index.js';
import { RefusedError } from './api.js';
import type { InputFile } from './input-file.js';
import { PredictError } from './options.js';
import type { Task } from './task.js';

/** More than that is refused by an application whose limits nobody has raised. */
const MAX_SIZE = 32 * 2 ** 20;

/** One request for the whole file: for whoever has no key, of a model that is public. */
export async function predictAtOnce(task: Task): Promise<void> {
  const { input, options, model, api, bar } = task;
  if (model.access !== 'public') throw needsKey(`The model "${options.model}" is not public.`, options.url);
  if (options.onError !== 'reject')
    throw needsKey(`--on-error ${options.onError} makes a job of the file.`, options.url);
  if (input.size > MAX_SIZE) throw needsKey('The file is too large for one request.', options.url);
  const path = `/models/${encodeURIComponent(options.model)}/predict`;
  const { type, body } = await formOf(input);
  const text = await api.text(path, { method: 'POST', headers: { 'Content-Type': type }, body }).catch((error) => {
    const isTooLarge = error instanceof RefusedError && error.status === 413;
    throw isTooLarge ? needsKey(error.message, options.url) : error;
  });
  const { predictions } = parseExactJson(text) as { predictions: unknown[] };
  await write(task, predictions);
  bar.say(`${predictions.length.toLocaleString('en')} rows`);
}

async function write({ format, input, output, model }: Task, predictions: readonly unknown[]): Promise<void> {
  if (format === 'jsonl') {
    for (const [row, prediction] of predictions.entries()) await output.write(formatResultLine(row, prediction));
    return;
  }
  const lines = predictions.map(toResultLine);
  const labels = model.output?.properties?.label?.enum ?? [];
  const reader = readRecords(createReadStream(input.path), input.format);
  let table: ResultTable | undefined;
  let row = 0;
  for await (const batch of reader) {
    const columns = reader.columns ?? Object.keys(model.input?.properties ?? {});
    if (!table) {
      table = new ResultTable({ columns, labels, hasErrors: false }, lines[0]);
      await output.write(table.header());
    }
    const inputs = batch.map(({ value }) => value);
    await output.write(table.rows(inputs, lines.slice(row, row + batch.length)));
    row += batch.length;
  }
}

/** `multipart/form-data` with the file (RFC 7578). */
async function formOf({ path, format }: InputFile): Promise<{ type: string; body: Buffer }> {
  const boundary = `barista-${randomUUID()}`;
  const disposition = `Content-Disposition: form-data; name="file"; filename="rows.${format}"`;
  const head = `--${boundary}\r\n${disposition}\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), await readFile(path), Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { type: `multipart/form-data; boundary=${boundary}`, body };
}

function needsKey(why: string, url: string): PredictError {
  return new PredictError(`${why} That needs an API key, in BARISTA_API_KEY or --key. To get one, as a member:

  curl -c cookies.txt -X POST ${url}/auth/login -H 'Content-Type: application/json' -d '{"email":"…","password":"…"}'
  curl -b cookies.txt -X POST ${url}/auth/api-keys -H 'Content-Type: application/json' -d '{"name":"predictions"}'`);
}
