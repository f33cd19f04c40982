import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { FileStore } from '../../platform/storage/index.js';
import type { FinishedJob } from '../job-handler.js';
import { JobNotFinishedError, JobNotFoundError, NoCsvError } from '../jobs.errors.js';
import { JobsRepository, type JobView } from '../jobs.repository.js';
import { JobHandlers } from '../runner/job-handlers.js';
import { wholeLines } from './whole-lines.js';

export const RESULT_FORMATS = ['jsonl', 'csv'] as const;
export type ResultFormat = (typeof RESULT_FORMATS)[number];

export const RESULT_TYPES: Record<ResultFormat, string> = { jsonl: 'application/x-ndjson', csv: 'text/csv' };

/** Sends what jobs have made, as fast as the client takes it. */
@Injectable()
export class JobResults {
  constructor(
    private readonly files: FileStore,
    private readonly jobs: JobsRepository,
    private readonly handlers: JobHandlers,
  ) {}

  /**
   * Answers with the result of a job.
   *
   * @param asked where the caller has said it other than by `Accept`
   * @throws JobNotFinishedError, NoCsvError
   */
  async send(job: JobView, asked: ResultFormat | undefined, request: Request, response: Response): Promise<void> {
    if (job.status !== 'succeeded') throw new JobNotFinishedError(job.status);
    const format = asked ?? formatOf(request);
    const size = job.resultId === null ? 0 : await this.files.size(job.resultId);
    const content = format === 'csv' ? await this.csv(job) : this.read(job);
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
      // Who hangs up has what they wanted.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    });
  }

  private async csv(job: JobView): Promise<AsyncIterable<string>> {
    const handler = this.handlers.of(job.kind);
    if (!handler?.toCsv) throw new NoCsvError();
    const payload = await this.jobs.findPayload(job.id);
    if (payload === undefined) throw new JobNotFoundError();
    const finished: FinishedJob = {
      payload: JSON.parse(payload) as unknown,
      inputId: job.inputId ?? undefined,
      lines: () => wholeLines(this.read(job)),
    };
    return handler.toCsv(finished);
  }

  private async *read({ resultId }: JobView): AsyncGenerator<Buffer> {
    if (resultId !== null) yield* this.files.read(resultId);
  }
}

/** JSON lines unless the caller would rather have CSV. */
function formatOf(request: Request): ResultFormat {
  return request.accepts([RESULT_TYPES.jsonl, RESULT_TYPES.csv]) === RESULT_TYPES.csv ? 'csv' : 'jsonl';
}

/** A kind is whatever a team has called it. */
function fileName({ kind, id }: JobView): string {
  return `${kind.replace(/[^\w-]/g, '-')}-${id}`;
}
