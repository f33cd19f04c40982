import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { FileStore } from '../../platform/storage/index.js';
import type { FinishedJob } from '../job-handler.js';
import { JobNotFinishedError, JobNotFoundError, NoCsvError } from '../jobs.errors.js';
import { JobsRepository, type JobView } from '../jobs.repository.js';
import { JobHandlers } from '../runner/job-handlers.js';

const NEWLINE = 0x0a;

export const RESULT_FORMATS = ['jsonl', 'csv'] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];

export const RESULT_TYPES: Record<ResultFormat, string> = { jsonl: 'application/x-ndjson', csv: 'text/csv' };

/** Sends results of jobs, with back-pressure. */
@Injectable()
export class JobResults {
  constructor(
    private readonly files: FileStore,
    private readonly jobs: JobsRepository,
    private readonly handlers: JobHandlers,
  ) {}

  /**
   * Sends the result of a job as the response.
   *
   * @param requestedFormat takes precedence over `Accept`
   * @throws JobNotFinishedError, NoCsvError
   */
  async send(
    job: JobView,
    requestedFormat: ResultFormat | undefined,
    request: Request,
    response: Response,
  ): Promise<void> {
    if (job.status !== 'succeeded') throw new JobNotFinishedError(job.status);
    const format = requestedFormat ?? negotiateFormat(request);
    const size = job.resultId === null ? 0 : await this.files.size(job.resultId);
    const content = format === 'csv' ? await this.readCsv(job) : this.readLines(job);
    response.status(200);
    response.setHeader('Content-Type', `${RESULT_TYPES[format]}; charset=utf-8`);
    response.setHeader('Content-Disposition', `attachment; filename="${fileName(job)}.${format}"`);
    response.vary('Accept');
    if (format === 'jsonl') response.setHeader('Content-Length', size);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    await pipeline(Readable.from(content), response).catch((error: unknown) => {
      // A client that disconnects is no error.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    });
  }

  private async readCsv(job: JobView): Promise<AsyncIterable<string>> {
    const handler = this.handlers.find(job.kind);
    if (!handler?.toCsv) throw new NoCsvError();
    const payload = await this.jobs.findPayload(job.id);
    if (payload === undefined) throw new JobNotFoundError();
    const finished: FinishedJob = {
      payload: JSON.parse(payload) as unknown,
      inputId: job.inputId ?? undefined,
      lines: () => alignToLines(this.readLines(job)),
    };
    return handler.toCsv(finished);
  }

  private async *readLines({ resultId }: JobView): AsyncGenerator<Buffer> {
    if (resultId !== null) yield* this.files.read(resultId);
  }
}

/** JSON lines, unless `Accept` prefers CSV. */
function negotiateFormat(request: Request): ResultFormat {
  return request.accepts([RESULT_TYPES.jsonl, RESULT_TYPES.csv]) === RESULT_TYPES.csv ? 'csv' : 'jsonl';
}

/** A kind may contain any characters. */
function fileName({ kind, id }: JobView): string {
  return `${kind.replace(/[^\w-]/g, '-')}-${id}`;
}

/** Regroups a byte stream so that each chunk ends with a line break; the last one only if the stream does. */
export async function* alignToLines(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  for await (const chunk of source) {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      yield Buffer.concat([...pending, chunk.subarray(0, end)]);
      pending = [];
    }
    if (end < chunk.length) pending.push(chunk.subarray(end));
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}
