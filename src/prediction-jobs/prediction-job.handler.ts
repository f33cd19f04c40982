import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientPresence, type DomainError, InvalidInputError } from '../platform/http/index.js';
import { type FinishedJob, JobHandler, type RunningJob } from '../jobs/index.js';
import type { FileRecord } from '../platform/records/index.js';
import { FileStore } from '../platform/storage/index.js';
import { InputRejectedError } from '../serving/index.js';
import { JobPredictor } from './job-predictor.js';
import { formatKept } from './kept-columns.js';
import { readJobInput } from './job-input.js';
import { RowFailedError } from './prediction-jobs.errors.js';
import { PREDICTION_JOB, type PredictionPayload } from './prediction-payload.js';
import { writeResultCsv } from './result-table.js';
import { ResultWriter } from './result-writer.js';
import { RowFailure } from './row-results.js';
import { rebatch } from './rebatch.js';

/** Target duration of a model run of a job, which an interactive request may have to wait for. */
const RUN_MS = 5;
/** While the model has interactive requests: shorter runs, with a pause between them. */
const SHARED_RUN_MS = 1;
const SHARED_PAUSE_MS = 2;
/** Characters of the result that one turn of the event loop formats. */
const BATCH_LENGTH = 64 * 1024;

/** A batch whose predictions are under way. */
interface PendingBatch {
  readonly records: readonly FileRecord[];
  readonly results: Promise<unknown[]>;
}

/** Predicts the rows of a stored file in order, and resumes after the last checkpoint. */
@JobHandler(PREDICTION_JOB)
export class PredictionJobHandler implements JobHandler<PredictionPayload> {
  constructor(
    private readonly files: FileStore,
    private readonly predictor: JobPredictor,
  ) {}

  async run(job: RunningJob<PredictionPayload>): Promise<void> {
    const { payload, signal, memberId, inputId, progress } = job;
    const version = await this.predictor.findVersion(payload);
    const records = readJobInput(this.files.read(inputId!), payload);
    const writer = new ResultWriter(job, keptFormatter(payload));
    const runMs = (): number => (version.hasInteractiveDemand ? SHARED_RUN_MS : RUN_MS);
    const size = (): number => Math.min(version.rowsWithin(runMs()), writer.rowsWithin(BATCH_LENGTH));
    const gone = ClientPresence.until(signal);
    let pending: PendingBatch | undefined;
    // A pipeline may predict rows one at a time, and each of them listens to the signal.
    setMaxListeners(0, signal);
    for await (const batch of rebatch(records, progress.done, size)) {
      if (version.hasInteractiveDemand) await delay(SHARED_PAUSE_MS);
      signal.throwIfAborted();
      const results = this.predictor.predict(batch, { payload, memberId, signal, gone });
      // Awaited below, once the batch before is written.
      results.catch(() => undefined);
      if (pending) await writeBatch(pending, payload, writer);
      pending = { records: batch, results };
    }
    if (pending) await writeBatch(pending, payload, writer);
    await writer.close();
  }

  toCsv(job: FinishedJob<PredictionPayload>): AsyncIterable<string> {
    return writeResultCsv(job, readJobInput(this.files.read(job.inputId!), job.payload));
  }
}

async function writeBatch(
  { records, results: promised }: PendingBatch,
  payload: PredictionPayload,
  writer: ResultWriter,
): Promise<void> {
  const results = await promised;
  const end = payload.onError === 'skip' ? -1 : results.findIndex((result) => result instanceof RowFailure);
  writer.add(end < 0 ? results : results.slice(0, end), records);
  if (end < 0) return writer.saveIfDue();
  await writer.close(1);
  throw locateError(records[end]!, (results[end] as RowFailure).error, payload);
}

function keptFormatter({ extra, format }: PredictionPayload): ((record: FileRecord) => string) | undefined {
  return extra && (({ value }) => formatKept(value, extra.kept, format === 'csv'));
}

/** Adds the row to an error without a location of its own. */
function locateError({ position }: FileRecord, error: DomainError, { format }: PredictionPayload): DomainError {
  if (error instanceof InvalidInputError && !(error instanceof InputRejectedError)) return error;
  const isIndexed = format === 'json' || format === 'pictures';
  return new RowFailedError(`${isIndexed ? 'Row' : 'Line'} ${position}`, error);
}
