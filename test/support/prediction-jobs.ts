import type { ClientResponse, Client } from './client.js';
import { until } from './until.js';

export interface IrisRow {
  readonly sepal_length: number;
  readonly sepal_width: number;
  readonly petal_length: number;
  readonly petal_width: number;
}

export interface SentJob {
  readonly headers?: Readonly<Record<string, string>>;
  readonly model?: string;
  /** The default version unless given. */
  readonly version?: string;
  readonly onError?: string;
}

const CSV = { 'content-type': 'text/csv' };
const MAX_ROWS = 10_000;

/** Distinct rows, deterministic. */
export function irisRows(count: number): IrisRow[] {
  return Array.from({ length: count }, (_, index) => ({
    sepal_length: Math.round(4300 + (index % 360) * 10 + (index % 7)) / 1000,
    sepal_width: Math.round(2000 + (index % 241) * 10) / 1000,
    petal_length: Math.round(1000 + (index % 593) * 10) / 1000,
    petal_width: Math.round(100 + (index % 239) * 10) / 1000,
  }));
}

export function csvOf(rows: readonly object[]): string {
  return [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))]
    .map((row) => `${row.join(',')}\n`)
    .join('');
}

export function linesOf(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** Sends a body to `POST /models/{model}/jobs`, or to that of a version; as CSV by default. */
export function sendJob(client: Client, raw: string | Uint8Array, job: SentJob = {}): Promise<ClientResponse> {
  const { model = 'iris', version, onError, headers = {} } = job;
  const path = version === undefined ? model : `${model}/versions/${version}`;
  const query = onError === undefined ? '' : `?onError=${onError}`;
  return client.request('POST', `/models/${path}/jobs${query}`, { raw, headers: { ...CSV, ...headers } });
}

/** Sends a body, and returns the job. @throws Error if it is rejected */
export async function createJob(client: Client, raw: string | Uint8Array, job: SentJob = {}): Promise<{ id: string }> {
  const { status, body, text } = await sendJob(client, raw, job);
  if (status !== 202) throw new Error(`The job was rejected: ${status} ${text}`);
  return body as { id: string };
}

/** Waits until the job has finished. */
export async function finishedJob(client: Client, id: string, timeoutMs = 20_000): Promise<ClientResponse['body']> {
  let job: ClientResponse['body'];
  const look = async (): Promise<boolean> => {
    job = (await client.get(`/jobs/${id}`)).body;
    return job.status !== 'queued' && job.status !== 'running';
  };
  await until(`the job ${id} has finished`, look, timeoutMs);
  return job;
}

/** Waits until the job has succeeded, and returns the lines of its result. */
export async function resultOf(client: Client, id: string): Promise<Record<string, unknown>[]> {
  const job = await finishedJob(client, id);
  if (job.status !== 'succeeded') throw new Error(`The job is ${job.status}: ${JSON.stringify(job.error)}`);
  const { text } = await client.get(`/jobs/${id}/result`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Predictions of `POST /models/{model}/predict` for the same rows, as lines of a result. */
export async function predictionsOf(client: Client, rows: readonly object[], model = 'iris'): Promise<object[]> {
  const predictions: object[] = [];
  for (let start = 0; start < rows.length; start += MAX_ROWS) {
    const { body } = await client.post(`/models/${model}/predict`, { instances: rows.slice(start, start + MAX_ROWS) });
    predictions.push(...(body.predictions as object[]));
  }
  return predictions.map((prediction, row) => ({ row, ...prediction }));
}
