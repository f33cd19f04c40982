import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobDto } from '../../jobs/index.js';
import type { RecordFormat } from '../../platform/records/index.js';
import { RefusedError } from './api.js';
import { PredictError } from './options.js';
import { patiently } from './patience.js';
import { wordsOf } from './progress-bar.js';
import type { Task } from './task.js';

const POLL_MS = 250;
const MEDIA_TYPES: Record<RecordFormat, string> = {
  csv: 'text/csv',
  jsonl: 'application/x-ndjson',
  json: 'application/json',
};

/** Ctrl-C came while the job went on. */
export class LeftRunningError extends PredictError {
  constructor({ id }: JobDto, url: string) {
    super(
      `The job ${id} goes on. The same command goes on with it; curl -X DELETE ${url}/jobs/${id}, with your key, cancels it.`,
    );
  }
}

/** Has a job predict the file, follows it, and takes its result. The same file and options are the same job. */
export async function predictAsJob(task: Task): Promise<void> {
  const job = await takeJob(task);
  try {
    const finished = await follow(task, job);
    await takeResult(task, finished);
    task.bar.say(wordsOf(finished.progress));
  } catch (error) {
    throw task.signal.aborted ? new LeftRunningError(job, task.options.url) : error;
  }
}

/** One that failed or was cancelled is begun again: whoever gives the command again has a reason to. */
async function takeJob(task: Task): Promise<JobDto> {
  const { bar, api } = task;
  const job = await send(task);
  if (job.status !== 'failed' && job.status !== 'cancelled') return job;
  bar.say(`An earlier job with this file was ${job.status}: it is begun again.`);
  await api.open(`/jobs/${job.id}`, { method: 'DELETE' }).then((answer) => answer.resume());
  return send(task);
}

function send(task: Task): Promise<JobDto> {
  const { api, options, input } = task;
  const path = `/models/${encodeURIComponent(options.model)}/jobs?onError=${options.onError}`;
  const headers = {
    'Content-Type': MEDIA_TYPES[input.format],
    'Content-Length': String(input.size),
    'Idempotency-Key': keyOf(task),
  };
  return again(task, () => {
    return api.json<JobDto>(path, { method: 'POST', headers, body: createReadStream(input.path) });
  });
}

/** The version is a part of it: what another has said of the file is not asked for. */
function keyOf({ options, input, model }: Task): string {
  const { defaultVersion, versions } = model;
  const sha256 = versions.find(({ version }) => version === defaultVersion)?.sha256;
  const parts = [options.model, defaultVersion, sha256, options.onError, input.format, input.sha256];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function follow(task: Task, begun: JobDto): Promise<JobDto> {
  const { api, bar, signal } = task;
  let job = begun;
  while (job.status === 'queued' || job.status === 'running') {
    bar.show(job.progress);
    await delay(POLL_MS, undefined, { signal });
    job = await again(task, () => api.json<JobDto>(`/jobs/${begun.id}`));
  }
  if (job.status === 'succeeded') return job;
  const { detail = '', errors = [] } = job.error ?? {};
  const words = errors.map(({ message }) => `\n  ${message}`).join('');
  throw new PredictError(`The job ${job.id} was ${job.status} after ${wordsOf(job.progress)}: ${detail}${words}`);
}

function takeResult(task: Task, { id }: JobDto): Promise<void> {
  const { api, output, format } = task;
  const headers = { Accept: format === 'csv' ? 'text/csv' : 'application/x-ndjson' };
  return again(task, async () => {
    const answer = await api.open(`/jobs/${id}/result`, { headers });
    await output.take(answer, (error) => api.broken(error));
  });
}

function again<T>({ bar, signal }: Task, work: () => Promise<T>): Promise<T> {
  return patiently(work, (why) => bar.say(why), signal).catch((error: unknown) => {
    if (error instanceof RefusedError && error.status === 401) {
      throw new PredictError(`The API key is not known, or is no longer valid. ${error.message}`, { cause: error });
    }
    throw error;
  });
}
