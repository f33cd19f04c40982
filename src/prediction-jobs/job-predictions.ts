import { Injectable } from '@nestjs/common';
import { IdentityService } from '../auth/index.js';
import type { TextFields } from '../platform/http/index.js';
import type { FileRecord } from '../platform/records/index.js';
import {
  inputTextFields,
  PipelineRegistry,
  type PredictionInput,
  type RegisteredPipeline,
  runPipeline,
} from '../inference/index.js';
import { type CheckedRow, type GoneSignal, ImageDecoder, ModelStore, type ModelVersion } from '../serving/index.js';
import { decodePictures } from './job-records.js';
import { JobVersionGoneError } from './prediction-jobs.errors.js';
import type { PredictionPayload } from './prediction-payload.js';
import { readItem, readRow, RowFailure, settle } from './row-outcomes.js';

/** For whom rows are predicted, and how. */
export interface JobCall {
  readonly payload: PredictionPayload;
  readonly memberId: string;
  readonly signal: AbortSignal;
  /** The same, for each run. */
  readonly gone: GoneSignal;
}

/** Some records, and how their texts are read. */
interface Slice {
  readonly records: readonly FileRecord[];
  readonly texts: TextFields | undefined;
}

/** Predicts rows of jobs, each time by the version that the job began with; whoever waits for an answer comes first. */
@Injectable()
export class JobPredictions {
  constructor(
    private readonly store: ModelStore,
    private readonly pipelines: PipelineRegistry,
    private readonly identity: IdentityService,
    private readonly decoder: ImageDecoder,
  ) {}

  /**
   * The version that a job began with.
   *
   * @throws JobVersionGoneError, ModelNotFoundError, VersionNotFoundError, ModelNotReadyError
   */
  async version({ model, version, sha256 }: PredictionPayload): Promise<ModelVersion> {
    const found = await this.store.get(model).find(version);
    if ((found.sha256 ?? null) !== sha256) throw new JobVersionGoneError(model, version);
    return found;
  }

  /** An outcome for each record, in their order: a prediction, or a `RowFailure`. */
  predict(sent: readonly FileRecord[], call: JobCall): Promise<unknown[]> {
    const { payload, gone } = call;
    const { model, version, sha256 } = payload;
    // Not for the whole job: a version that it used from its beginning to its end could not be replaced meanwhile.
    return this.store.get(model).use(version, async (found) => {
      if ((found.sha256 ?? null) !== sha256) throw new JobVersionGoneError(model, version);
      const pipeline = this.pipelines.find(model);
      const texts = payload.isText ? inputTextFields(found, pipeline) : undefined;
      const arePictures = payload.format === 'pictures';
      const records = arePictures ? await decodePictures(sent, found, { decoder: this.decoder, signal: gone }) : sent;
      return pipeline
        ? this.answerWith(pipeline, { records, texts }, found, call)
        : predictRows({ records, texts }, found, gone);
    });
  }

  /** With the code that a feature has around the model. */
  private answerWith(
    pipeline: RegisteredPipeline,
    { records, texts }: Slice,
    version: ModelVersion,
    { payload: { model }, memberId, signal }: JobCall,
  ): Promise<unknown[]> {
    const read = (record: FileRecord): PredictionInput | RowFailure => readItem(record, texts);
    const caller = (): ReturnType<IdentityService['findMember']> => this.identity.findMember(memberId);
    return outcomesOf(records, read, (items) => {
      const pace = { signal, deadline: version.deadlineIn(), priority: 'background' } as const;
      return runPipeline(pipeline, items, version, { model, version: version.version, caller, ...pace });
    });
  }
}

function predictRows({ records, texts }: Slice, version: ModelVersion, signal: GoneSignal): Promise<unknown[]> {
  const read = (record: FileRecord): CheckedRow | RowFailure => readRow(record, version, texts);
  return outcomesOf(records, read, (rows) => version.predict(rows, { signal, priority: 'background' }));
}

async function outcomesOf<T>(
  records: readonly FileRecord[],
  read: (record: FileRecord) => T | RowFailure,
  predict: (items: readonly T[]) => Promise<unknown[]>,
): Promise<unknown[]> {
  const found: (T | RowFailure)[] = records.map(read);
  const items = found.filter((item): item is T => !(item instanceof RowFailure));
  const answers = await settle(items, predict);
  if (answers.length === found.length) return answers;
  let next = 0;
  return found.map((item) => (item instanceof RowFailure ? item : answers[next++]));
}
