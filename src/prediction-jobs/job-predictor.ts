import { Injectable } from '@nestjs/common';
import { IdentityService } from '../auth/index.js';
import type { FileRecord } from '../platform/records/index.js';
import {
  inputTextFields,
  PipelineRegistry,
  type PredictionInput,
  type RegisteredPipeline,
  runPipeline,
} from '../inference/index.js';
import {
  CellRowReader,
  type CheckedRow,
  type GoneSignal,
  ImageDecoder,
  ModelStore,
  type ModelVersion,
} from '../serving/index.js';
import { decodePictures } from './job-input.js';
import { JobVersionGoneError } from './prediction-jobs.errors.js';
import type { PredictionPayload } from './prediction-payload.js';
import { readItem, readRow, type RecordReading, RowFailure, predictIsolatingFailures } from './row-results.js';

/** The job on whose behalf rows are predicted. */
export interface PredictionContext {
  readonly payload: PredictionPayload;
  readonly memberId: string;
  /** Aborted when the job must stop. */
  readonly signal: AbortSignal;
  /** The same signal in the form that runs take. */
  readonly gone: GoneSignal;
}

interface RecordBatch {
  readonly records: readonly FileRecord[];
  readonly reading: RecordReading;
}

/** Predicts rows with the model version that the job was created for, at background priority. */
@Injectable()
export class JobPredictor {
  constructor(
    private readonly store: ModelStore,
    private readonly pipelines: PipelineRegistry,
    private readonly identity: IdentityService,
    private readonly decoder: ImageDecoder,
  ) {}

  /**
   * Finds the version that the job was created for.
   *
   * @throws JobVersionGoneError, ModelNotFoundError, VersionNotFoundError, ModelNotReadyError
   */
  async findVersion({ model, version, sha256 }: PredictionPayload): Promise<ModelVersion> {
    const found = await this.store.get(model).find(version);
    if ((found.sha256 ?? null) !== sha256) throw new JobVersionGoneError(model, version);
    return found;
  }

  /** @returns a prediction or a `RowFailure` per record, in order */
  predict(input: readonly FileRecord[], context: PredictionContext): Promise<unknown[]> {
    const { payload, gone } = context;
    const { model, version, sha256 } = payload;
    // Per batch: a version in use for the whole job could not be unloaded meanwhile.
    return this.store.get(model).use(version, async (found) => {
      if ((found.sha256 ?? null) !== sha256) throw new JobVersionGoneError(model, version);
      const pipeline = this.pipelines.find(model);
      const reading = {
        textFields: payload.isText ? inputTextFields(found, pipeline) : undefined,
        names: payload.extra && new Set(payload.extra.names),
        cells: found.schema && new CellRowReader(found.schema, found.limits, payload.extra !== undefined),
      };
      const arePictures = payload.format === 'pictures';
      const records = arePictures ? await decodePictures(input, found, { decoder: this.decoder, signal: gone }) : input;
      return pipeline
        ? this.predictWithPipeline(pipeline, { records, reading }, found, context)
        : predictRows({ records, reading }, found, gone);
    });
  }

  /** Runs the feature's pipeline around the model. */
  private predictWithPipeline(
    pipeline: RegisteredPipeline,
    { records, reading }: RecordBatch,
    version: ModelVersion,
    { payload: { model }, memberId, signal }: PredictionContext,
  ): Promise<unknown[]> {
    const read = (record: FileRecord): PredictionInput | RowFailure => readItem(record, reading);
    const caller = (): ReturnType<IdentityService['findMember']> => this.identity.findMember(memberId);
    return predictReadable(records, read, (items) => {
      const options = { signal, deadline: version.deadlineFor(items.length), priority: 'background' } as const;
      return runPipeline(pipeline, items, version, { model, version: version.version, caller, ...options });
    });
  }
}

function predictRows({ records, reading }: RecordBatch, version: ModelVersion, signal: GoneSignal): Promise<unknown[]> {
  const read = (record: FileRecord): CheckedRow | RowFailure => readRow(record, version, reading);
  return predictReadable(records, read, (rows) => version.predict(rows, { signal, priority: 'background' }));
}

/** Predicts the records that can be read; the others keep their `RowFailure`. */
async function predictReadable<T>(
  records: readonly FileRecord[],
  read: (record: FileRecord) => T | RowFailure,
  predict: (items: readonly T[]) => Promise<unknown[]>,
): Promise<unknown[]> {
  const found: (T | RowFailure)[] = records.map(read);
  const items = found.filter((item): item is T => !(item instanceof RowFailure));
  const predictions = await predictIsolatingFailures(items, predict);
  let next = 0;
  return found.map((item, index) => {
    if (item instanceof RowFailure) return item;
    const prediction = predictions[next++];
    return prediction instanceof RowFailure ? prediction.at(records[index]!.location) : prediction;
  });
}
