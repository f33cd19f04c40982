import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobDto } from '../../jobs/index.js';
import { CommandError } from '../command-line.js';
import { ApiError } from './api-client.js';
import type { PredictContext } from './predict-context.js';
import { formatProgress } from './progress-bar.js';
import { contentTypeOf, queryOf } from './request-format.js';
import { withRetry } from './retry.js';

const POLL_MS = 250;

/** The command was interrupted while the job was running. */
export class JobLeftRunningError extends CommandError {
  constructor({ id }: JobDto, url: string) {
    super(
      `The job ${id} is still running. The same command resumes it; curl -X DELETE ${url}/jobs/${id}, with your key, cancels it.`,
    );
  }
}

/** Submits the file as a job, waits for it and writes its result. The same file and options give the same job. */
export async function predictAsJob(context: PredictContext): Promise<void> {
  const job = await findOrSubmit(context);
  try {
    const finished = await waitForJob(context, job);
    await writeResult(context, finished);
    context.bar.print(formatProgress(finished.progress));
  } catch (error) {
    throw context.signal.aborted ? new JobLeftRunningError(job, context.options.url) : error;
  }
}

/** A job that failed or was cancelled is replaced by a new one. */
async function findOrSubmit(context: PredictContext): Promise<JobDto> {
  const { bar, api } = context;
  const job = await submit(context);
  if (job.status !== 'failed' && job.status !== 'cancelled') return job;
  bar.print(`An earlier job with this file was ${job.status}: it is started again.`);
  await api.request(`/jobs/${job.id}`, { method: 'DELETE' }).then((response) => response.resume());
  return submit(context);
}

function submit(context: PredictContext): Promise<JobDto> {
  const { api, options, input } = context;
  const path = `/models/${encodeURIComponent(options.model)}/jobs${queryOf(context, { onError: options.onError })}`;
  const headers = {
    'Content-Type': contentTypeOf(context),
    'Content-Length': String(input.size),
    'Idempotency-Key': idempotencyKey(context),
  };
  return retried(context, () => {
    return api.json<JobDto>(path, { method: 'POST', headers, body: createReadStream(input.path) });
  });
}

/** A key of the file, the options and the model version: another version makes another job. */
function idempotencyKey(context: PredictContext): string {
  const { options, input, model } = context;
  const { defaultVersion, versions } = model;
  const sha256 = versions.find(({ version }) => version === defaultVersion)?.sha256;
  const parts = [
    options.model,
    defaultVersion,
    sha256,
    options.onError,
    input.format,
    input.sha256,
    queryOf(context),
    options.charset,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** @throws CommandError if the job does not succeed */
async function waitForJob(context: PredictContext, submitted: JobDto): Promise<JobDto> {
  const { api, bar, signal } = context;
  let job = submitted;
  while (job.status === 'queued' || job.status === 'running') {
    bar.show(job.progress);
    await delay(POLL_MS, undefined, { signal });
    job = await retried(context, () => api.json<JobDto>(`/jobs/${submitted.id}`));
  }
  if (job.status === 'succeeded') return job;
  const { detail = '', errors = [] } = job.error ?? {};
  const fields = errors.map(({ message }) => `\n  ${message}`).join('');
  const progress = formatProgress(job.progress);
  throw new CommandError(`The job ${job.id} was ${job.status} after ${progress}: ${detail}${fields}`);
}

function writeResult(context: PredictContext, { id }: JobDto): Promise<void> {
  const { api, output, format } = context;
  const headers = { Accept: format === 'csv' ? 'text/csv' : 'application/x-ndjson' };
  return retried(context, async () => {
    const response = await api.request(`/jobs/${id}/result`, { headers });
    await output.resumeFrom(response, (error) => api.connectionError(error));
  });
}

function retried<T>({ bar, signal }: PredictContext, work: () => Promise<T>): Promise<T> {
  return withRetry(work, (reason) => bar.print(reason), signal).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 401) {
      throw new CommandError(`The API key is not known, or is no longer valid. ${error.message}`, { cause: error });
    }
    throw error;
  });
}
