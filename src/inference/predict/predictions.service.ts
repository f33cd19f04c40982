import { Injectable } from '@nestjs/common';
import { IdentityService, type AuthenticatedMember } from '../../auth/index.js';
import { UnsupportedMediaTypeError, UploadedFiles } from '../../platform/http/index.js';
import { itemsOfFiles } from '../inputs/items-of-files.js';
import { ImageDecoder, type ModelVersion } from '../../serving/index.js';
import { Pipelines } from '../pipelines/pipelines.service.js';
import { type Items, type PredictionBody, checkItems, takesForms } from '../inputs/prediction-input.js';
import type { PredictionCall } from './request.decorators.js';
import { type PipelineCall, runPipeline } from '../pipelines/run-pipeline.js';

/** What is asked for, and by whom. */
export interface PredictionRequest {
  /** The default version unless given. */
  readonly version?: string;
  readonly value: unknown;
  /** What a body holds, one for each answer. */
  readonly itemsOf: (body: PredictionBody, version: ModelVersion) => Items;
  readonly call: PredictionCall;
}

export interface Predictions {
  readonly model: string;
  readonly version: string;
  readonly predictions: unknown[];
}

/** `preprocess → predict → respond` for a request: with the model's own pipeline, where a feature has one. */
@Injectable()
export class PredictionsService {
  constructor(
    private readonly pipelines: Pipelines,
    private readonly identity: IdentityService,
    private readonly decoder: ImageDecoder,
  ) {}

  /** @throws whatever keeps it from beginning; rejects with whatever keeps it from ending */
  predict({ version: wanted, value, itemsOf, call }: PredictionRequest): Promise<Predictions> {
    const { model, isForm, gone } = call;
    const { name } = model;
    const pipeline = this.pipelines.of(name);
    if (isForm && !takesForms(pipeline)) throw new UnsupportedMediaTypeError('Send the body as application/json.');
    return model.use(wanted, async (version) => {
      const waiter = { signal: gone, deadline: version.deadlineIn() };
      const items =
        value instanceof UploadedFiles
          ? await itemsOfFiles(value, version, pipeline, { decoder: this.decoder, waiter })
          : itemsOf({ value, isForm }, version);
      const predictions = pipeline
        ? await runPipeline(pipeline, items, version, this.contextOf(name, version, call, waiter.deadline))
        : await version.predict(checkItems(items, version), waiter);
      return { model: name, version: version.version, predictions };
    });
  }

  private contextOf(
    model: string,
    version: ModelVersion,
    { gone, request, response }: PredictionCall,
    deadline: number,
  ): PipelineCall {
    const caller = (): Promise<AuthenticatedMember | undefined> => this.identity.authenticate(request, response);
    return { model, version: version.version, signal: gone.toAbortSignal(), deadline, caller };
  }
}
