import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { AuthenticatedMember } from '../auth/index.js';
import { UnitOfWork } from '../platform/database/index.js';
import { OpenApiService } from '../platform/docs/index.js';
import {
  type ClientPresence,
  HttpSettings,
  type TextFields,
  UnsupportedMediaTypeError,
} from '../platform/http/index.js';
import { type JobDto, JobsService } from '../jobs/index.js';
import type { Delimiter } from '../platform/records/index.js';
import { FileStore, type StoredFile } from '../platform/storage/index.js';
import {
  acceptsModelRows,
  type Extra,
  extraColumns,
  inputNames,
  inputTextFields,
  jsonRowsOf,
  PipelineRegistry,
  type RegisteredPipeline,
} from '../inference/index.js';
import { CellRowReader, ImageDecoder, ModelStore, type ModelVersion, outputSchema } from '../serving/index.js';
import { PredictionJobsSettings } from './prediction-jobs.settings.js';
import { readJobInput } from './job-input.js';
import { nameKeptColumns } from './kept-columns.js';
import { openJobUpload } from './job-upload.js';
import { type JobInput, type OnError, PREDICTION_JOB, type PredictionPayload } from './prediction-payload.js';
import { scanInput } from './scan-input.js';

export interface JobRequest {
  readonly model: string;
  /** The version that was asked for; undefined for the default version. */
  readonly version: string | undefined;
  readonly onError: OnError;
  readonly extra?: Extra | undefined;
  /** Of CSV; undefined to find it in the header. */
  readonly delimiter?: Delimiter | undefined;
  readonly idempotencyKey: string | undefined;
  readonly member: AuthenticatedMember;
  readonly request: Request;
  /** Aborted when the client disconnects. */
  readonly gone: ClientPresence;
}

interface InputContext {
  readonly version: ModelVersion;
  readonly input: JobInput;
  /** Parses text values; undefined if the values are typed. */
  readonly textFields: TextFields | undefined;
}

/** Creates prediction jobs. */
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
    private readonly openApi: OpenApiService,
  ) {}

  /** Stores the input, scans it, and enqueues the job. An error leaves nothing behind. */
  async create(jobRequest: JobRequest): Promise<JobDto> {
    const version = await this.store.get(jobRequest.model).find(jobRequest.version);
    const pipeline = this.pipelines.find(jobRequest.model);
    const acceptsPictures = version.image !== undefined && acceptsModelRows(pipeline);
    const { input: uploaded, bytes } = await openJobUpload(jobRequest.request, this.http.bodyLimit, acceptsPictures);
    const delimiter = jobRequest.delimiter ?? uploaded.delimiter;
    const input = { ...uploaded, delimiter, rows: jsonRowsOf(version, pipeline) };
    const context = { version, input, textFields: this.findTextFields(jobRequest.model, version, input) };
    const file = await this.files.receive(bytes, { limit: this.http.bodyLimit.files });
    try {
      return await this.scanAndEnqueue(jobRequest, context, file);
    } catch (error) {
      await this.files.discard(file.id);
      throw error;
    }
  }

  /** Parsers of CSV cells and form fields. @throws UnsupportedMediaTypeError if the model takes JSON only */
  private findTextFields(model: string, version: ModelVersion, { isText, format }: JobInput): TextFields | undefined {
    if (!isText) return undefined;
    const pipeline = this.pipelines.find(model);
    const textFields = format === 'csv' || acceptsModelRows(pipeline) ? inputTextFields(version, pipeline) : undefined;
    if (textFields) return textFields;
    throw new UnsupportedMediaTypeError('This model takes JSON: send application/json or application/x-ndjson.');
  }

  private async scanAndEnqueue(
    jobRequest: JobRequest,
    { version, input, textFields }: InputContext,
    { id, sha256 }: StoredFile,
  ): Promise<JobDto> {
    const { model, onError, extra, gone, member, idempotencyKey: key } = jobRequest;
    const pipeline = this.pipelines.find(model);
    const known = inputTextFields(version, pipeline);
    const records = readJobInput(this.files.read(id), input, known && { ...known, extra: extraColumns(extra) });
    const names = extra && inputNames(version, pipeline);
    const { maxRows } = this.settings;
    const cells = version.schema && new CellRowReader(version.schema, version.limits, names !== undefined);
    const { decoder } = this;
    const context = { textFields, names, cells, extra, onError, version, pipeline, maxRows, gone, decoder };
    const { rows, columns, extraColumns: extras, delimiter } = await scanInput(records, input, context);
    const payload: PredictionPayload = {
      ...input,
      delimiter,
      model,
      version: version.version,
      sha256: version.sha256 ?? null,
      onError,
      columns,
      labels: version.labels ?? [],
      extra: names && { names: [...names], kept: nameKeptColumns(extras, this.resultNames(version, pipeline)) },
    };
    const idempotency = key === undefined ? undefined : { key, digest: digestOf(payload, jobRequest, sha256) };
    const job = { kind: PREDICTION_JOB, memberId: member.id, payload, total: rows, inputId: id };
    return this.unitOfWork.run((manager) =>
      this.jobs.enqueue(manager, { ...job, model, version: version.version, idempotency }),
    );
  }

  /** The members of a prediction. */
  private resultNames({ signature, manifest }: ModelVersion, pipeline: RegisteredPipeline | undefined): string[] {
    const { answer } = pipeline?.metadata ?? {};
    const schema = answer ? this.openApi.schemaOf(answer) : signature && outputSchema(signature, manifest);
    return Object.keys((schema as { properties?: object } | undefined)?.properties ?? {});
  }
}

/**
 * Identifies the request for its Idempotency-Key. Excludes the multipart boundary, and the version unless it was asked for: the
 * default version may change before a request is repeated.
 */
function digestOf(
  { model, onError, format, isText }: PredictionPayload,
  { version, delimiter, extra }: JobRequest,
  sha256: string,
): string {
  // JSON leaves out what is undefined.
  const options = (version ?? delimiter ?? extra) ? [{ version, delimiter, extra }] : [];
  return createHash('sha256')
    .update(JSON.stringify([model, onError, format, isText, sha256, ...options]))
    .digest('hex');
}
