import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { AuthenticatedMember } from '../auth/index.js';
import { UnitOfWork } from '../platform/database/index.js';
import {
  type ClientPresence,
  HttpSettings,
  type TextFields,
  UnsupportedMediaTypeError,
} from '../platform/http/index.js';
import { type JobDto, JobsService } from '../jobs/index.js';
import { FileStore, type StoredFile } from '../platform/storage/index.js';
import { acceptsInstances, acceptsModelRows, inputTextFields, PipelineRegistry } from '../inference/index.js';
import { ImageDecoder, ModelStore, type ModelVersion } from '../serving/index.js';
import { PredictionJobsSettings } from './prediction-jobs.settings.js';
import { recordsOf } from './job-records.js';
import { openJobUpload } from './job-upload.js';
import { type JobInput, type OnError, PREDICTION_JOB, type PredictionPayload } from './prediction-payload.js';
import { survey } from './survey.js';

/** A job that is asked for, and by whom. */
export interface JobRequest {
  readonly model: string;
  readonly onError: OnError;
  readonly idempotencyKey: string | undefined;
  readonly member: AuthenticatedMember;
  readonly request: Request;
  /** Tells that the client has gone away. */
  readonly gone: ClientPresence;
}

/** By which version an input is read, and how. */
interface About {
  readonly version: ModelVersion;
  readonly input: JobInput;
  readonly texts: TextFields | undefined;
}

/** Takes inputs that are too large for one request. */
@Injectable()
export class PredictionJobsService {
  constructor(
    private readonly store: ModelStore,
    private readonly pipelines: PipelineRegistry,
    private readonly files: FileStore,
    private readonly jobs: JobsService,
    private readonly unitOfWork: UnitOfWork,
    private readonly settings: PredictionJobsSettings,
    private readonly http: HttpSettings,
    private readonly decoder: ImageDecoder,
  ) {}

  /** Stores the input, looks through it, and enqueues its job; where that is refused, nothing of it stays. */
  async create(asked: JobRequest): Promise<JobDto> {
    const version = await this.store.get(asked.model).find();
    const takesPictures = version.image !== undefined && acceptsModelRows(this.pipelines.find(asked.model));
    const { input: found, bytes } = await openJobUpload(asked.request, this.http.bodyLimit, takesPictures);
    const input = { ...found, instances: acceptsInstances(version) };
    const about = { version, input, texts: this.textsOf(asked.model, version, input) };
    const file = await this.files.receive(bytes, { limit: this.http.bodyLimit.files });
    try {
      return await this.take(asked, about, file);
    } catch (error) {
      await this.files.discard(file.id);
      throw error;
    }
  }

  /** How cells and the fields of a form are read. @throws UnsupportedMediaTypeError where they cannot be */
  private textsOf(model: string, version: ModelVersion, { isText, format }: JobInput): TextFields | undefined {
    if (!isText) return undefined;
    const pipeline = this.pipelines.find(model);
    const texts = format === 'csv' || acceptsModelRows(pipeline) ? inputTextFields(version, pipeline) : undefined;
    if (texts) return texts;
    throw new UnsupportedMediaTypeError('This model takes JSON: send application/json or application/x-ndjson.');
  }

  private async take(asked: JobRequest, { version, input, texts }: About, { id, sha256 }: StoredFile): Promise<JobDto> {
    const { model, onError, gone, member, idempotencyKey: key } = asked;
    const records = recordsOf(this.files.read(id), input);
    const pipeline = this.pipelines.find(model);
    const maxRows = this.settings.maxRows;
    const about = { texts, onError, version, pipeline, maxRows, gone, decoder: this.decoder };
    const { rows, columns } = await survey(records, input, about);
    const payload: PredictionPayload = {
      ...input,
      model,
      version: version.version,
      sha256: version.sha256 ?? null,
      onError,
      columns,
      labels: version.manifest.output ? (version.manifest.labels ?? []) : [],
    };
    const idempotency = key === undefined ? undefined : { key, digest: digestOf(payload, sha256) };
    const job = { kind: PREDICTION_JOB, memberId: member.id, payload, total: rows, inputId: id };
    return this.unitOfWork.run((manager) =>
      this.jobs.enqueue(manager, { ...job, model, version: version.version, idempotency }),
    );
  }
}

/** Of all that is asked for: a boundary of multipart is not, and neither is what serves at the moment. */
function digestOf({ model, onError, format, isText }: PredictionPayload, sha256: string): string {
  return createHash('sha256')
    .update(JSON.stringify([model, onError, format, isText, sha256]))
    .digest('hex');
}
