import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientPresence, type DomainError, InvalidInputError } from '../platform/http/index.js';
import { type FinishedJob, JobHandler, type RunningJob } from '../jobs/index.js';
import type { FileRecord } from '../platform/records/index.js';
import { FileStore } from '../platform/storage/index.js';
import { JobPredictions } from './job-predictions.js';
import { recordsOf } from './job-records.js';
import { RowFailedError } from './prediction-jobs.errors.js';
import { PREDICTION_JOB, type PredictionPayload } from './prediction-payload.js';
import { tableOf } from './result-table.js';
import { ResultWriter } from './result-writer.js';
import { RowFailure } from './row-outcomes.js';
import { slicesOf } from './slices.js';

/** A run of a job may not keep somebody who waits for an answer for longer. */
const RUN_MS = 5;
/** Beside people who ask the same model runs are shorter, with time for others' in between. */
const SHARED_RUN_MS = 1;
const PAUSE_MS = 2;
/** Characters of the result that are written in one turn of the event loop. */
const SLICE_LENGTH = 64 * 1024;

/** Some rows that are being predicted. */
interface Ahead {
  readonly records: readonly FileRecord[];
  readonly outcomes: Promise<unknown[]>;
}

/** Predicts the rows of a file, one after another, whoever started it and however often the application ends meanwhile. */
@JobHandler(PREDICTION_JOB)
export class PredictionJobHandler implements JobHandler<PredictionPayload> {
  constructor(
    private readonly files: FileStore,
    private readonly predictions: JobPredictions,
  ) {}

  async run(job: RunningJob<PredictionPayload>): Promise<void> {
    const { payload, signal, memberId, inputId, progress } = job;
    const version = await this.predictions.version(payload);
    const records = recordsOf(this.files.read(inputId!), payload);
    const writer = new ResultWriter(job);
    const runMs = (): number => (version.hasInteractiveDemand ? SHARED_RUN_MS : RUN_MS);
    const size = (): number => Math.min(version.rowsWithin(runMs()), writer.rowsWithin(SLICE_LENGTH));
    const gone = ClientPresence.until(signal);
    let ahead: Ahead | undefined;
    // Each row that is in a run waits for the signal, where a pipeline asks for one at a time.
    setMaxListeners(0, signal);
    for await (const slice of slicesOf(records, progress.done, size)) {
      if (version.hasInteractiveDemand) await delay(PAUSE_MS);
      signal.throwIfAborted();
      const outcomes = this.predictions.predict(slice, { payload, memberId, signal, gone });
      // It is waited for below, when the one before it has been written.
      outcomes.catch(() => undefined);
      if (ahead) await finish(ahead, payload, writer);
      ahead = { records: slice, outcomes };
    }
    if (ahead) await finish(ahead, payload, writer);
    await writer.close();
  }

  toCsv(job: FinishedJob<PredictionPayload>): AsyncIterable<string> {
    return tableOf(job, recordsOf(this.files.read(job.inputId!), job.payload));
  }
}

async function finish({ records, outcomes }: Ahead, payload: PredictionPayload, writer: ResultWriter): Promise<void> {
  const found = await outcomes;
  const end = payload.onError === 'skip' ? -1 : found.findIndex((outcome) => outcome instanceof RowFailure);
  writer.add(end < 0 ? found : found.slice(0, end));
  if (end < 0) return writer.saveIfDue();
  await writer.close(1);
  throw atRow(records[end]!, (found[end] as RowFailure).error, payload);
}

/** What is wrong with a field says where it is; what else has failed does not. */
function atRow({ position }: FileRecord, error: DomainError, { format }: PredictionPayload): DomainError {
  if (error instanceof InvalidInputError) return error;
  const isCounted = format === 'json' || format === 'pictures';
  return new RowFailedError(`${isCounted ? 'Row' : 'Line'} ${position}`, error);
}
