import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { createParamDecorator, type ExecutionContext, Injectable, type Type } from '@nestjs/common';
import type { Request, Response } from 'express';
import { type AuthenticatedMember, IdentityService } from '../../auth/index.js';
import {
  ClientPresence,
  InvalidInputError,
  UnsupportedMediaTypeError,
  UploadedFiles,
  validateAs,
} from '../../platform/http/index.js';
import {
  type CheckedRow,
  ClientGoneError,
  DeadlineError,
  ImageDecoder,
  InputRejectedError,
  type Model,
  type ModelVersion,
  type Priority,
} from '../../serving/index.js';
import { modelOf } from '../access/model-access.guard.js';
import { PipelineFailedError } from '../inference.errors.js';
import { type Extra, hintAtExtra, inputNames, withoutExtra } from '../inputs/extra-columns.js';
import { readFileInputs } from '../inputs/file-inputs.js';
import { recycleImages } from '../inputs/image-inputs.js';
import type { ImageDecoding } from '../inputs/image-inputs.js';
import {
  acceptsModelRows,
  checkFeatures,
  checkRows,
  type PredictionBody,
  type PredictionInput,
} from '../inputs/prediction-input.js';
import type { PipelineContext } from '../pipelines/pipeline.decorator.js';
import { PipelineRegistry, type RegisteredPipeline } from '../pipelines/pipeline-registry.js';
import { PredictionQueryDto } from './dto/prediction-query.dto.js';

const NO_QUERY = new PredictionQueryDto();
const FORM = 'application/x-www-form-urlencoded';

/** The parts of a request, other than its body, that a prediction depends on. */
export interface PredictionContext {
  /** The requested model. */
  readonly model: Model;
  readonly request: Request;
  readonly response: Response;
  /** Whether the body is a form. */
  readonly isForm: boolean;
  /** Aborts when the client disconnects before its response. */
  readonly signal: ClientPresence;
}

/** Injects the `PredictionContext`. */
export const CurrentPrediction = createParamDecorator((_: unknown, context: ExecutionContext): PredictionContext => {
  const http = context.switchToHttp();
  const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
  const isForm = request.headers['content-type']?.startsWith(FORM) === true;
  return { model: modelOf(request), request, response, isForm, signal: ClientPresence.of(response) };
});

/** A prediction request over HTTP. */
export interface PredictionRequest {
  /** The default version unless given. */
  readonly version?: string;
  /** The parsed body, or `UploadedFiles`. */
  readonly value: unknown;
  /** Splits a body into inputs; files need none. */
  readonly parse: (
    body: PredictionBody,
    version: ModelVersion,
    pipeline: RegisteredPipeline | undefined,
    extra: Extra | undefined,
  ) => readonly PredictionInput[];
  readonly context: PredictionContext;
}

export interface Predictions {
  readonly model: string;
  readonly version: string;
  /** One for each input, in order. */
  readonly predictions: unknown[];
}

/** The context of a pipeline, with the limits of its run. */
export interface PipelineRunContext extends PipelineContext {
  readonly signal: AbortSignal;
  /** In milliseconds as `performance.now()` counts. */
  readonly deadline: number;
  readonly priority?: Priority;
}

/** Inputs of one request for which a step of a pipeline runs at the same time. */
const STEP_CONCURRENCY = 16;

/** Parses a request, and runs the model on its inputs: alone, or inside the pipeline that a feature has registered for it. */
@Injectable()
export class PredictionsService {
  constructor(
    private readonly pipelines: PipelineRegistry,
    private readonly identity: IdentityService,
    private readonly decoder: ImageDecoder,
  ) {}

  /**
   * @throws UnsupportedMediaTypeError, ModelNotFoundError, VersionNotFoundError, ModelNotReadyError
   * @returns rejects with InvalidInputError, TooManyRowsError, and the errors of `ModelVersion.predict` and of pipelines
   */
  predict({ version: requested, value, parse, context }: PredictionRequest): Promise<Predictions> {
    const { model, isForm, signal } = context;
    const { name } = model;
    const pipeline = this.pipelines.find(name);
    if (isForm && !acceptsModelRows(pipeline)) {
      throw new UnsupportedMediaTypeError('Send the body as application/json.');
    }
    return model.use(requested, async (version) => {
      const { request } = context;
      const query = request.originalUrl.includes('?') ? await readQuery(request) : NO_QUERY;
      const since = performance.now();
      const inputs =
        value instanceof UploadedFiles
          ? await readFileInputs(value, version, pipeline, this.decoding(version, signal), query)
          : selectFields(parse({ value, isForm }, version, pipeline, query.extra), query, version, pipeline);
      const caller = { signal, deadline: version.deadlineFor(inputs.length, Infinity, since) };
      try {
        const predictions = pipeline
          ? await runPipeline(pipeline, inputs, version, this.pipelineContext(version, context, caller.deadline))
          : await version.predict(checkRows(inputs, version), caller);
        // The code of a pipeline may keep its inputs.
        if (version.image && !pipeline && value instanceof UploadedFiles) recycleImages(inputs, this.decoder);
        return { model: name, version: version.version, predictions };
      } catch (error) {
        throw error instanceof InputRejectedError ? error.at(inputs[error.row]!.location) : error;
      }
    });
  }

  /** Images are decoded within DEADLINE_MS, however many they are. */
  private decoding(version: ModelVersion, signal: ClientPresence): ImageDecoding {
    return { decoder: this.decoder, caller: { signal, deadline: version.deadlineFor(1) } };
  }

  private pipelineContext(
    { version }: ModelVersion,
    { model, signal, request, response }: PredictionContext,
    deadline: number,
  ): PipelineRunContext {
    const caller = (): Promise<AuthenticatedMember | undefined> => this.identity.authenticate(request, response);
    return { model: model.name, version, signal: signal.toAbortSignal(), deadline, caller };
  }
}

/** The inputs, without extra keys where these are to be ignored. */
function selectFields(
  inputs: readonly PredictionInput[],
  { extra }: PredictionQueryDto,
  version: ModelVersion,
  pipeline: RegisteredPipeline | undefined,
): readonly PredictionInput[] {
  const names = extra && inputNames(version, pipeline);
  return names ? inputs.map(({ value, location }) => ({ value: withoutExtra(value, names), location })) : inputs;
}

/** @throws InvalidInputError for an unknown parameter or value */
function readQuery({ query }: Request): Promise<PredictionQueryDto> {
  return validateAs(PredictionQueryDto, query, ['query']);
}

/**
 * `preprocess → predict → respond`, with the steps that a feature has put around its model. A missing step passes its input
 * on. `predict` in turn scales rows into tensors, and maps the model's outputs to predictions, as `model.json` says.
 *
 * @returns one response for each input, in order
 * @throws InvalidInputError where an input breaks the pipeline's DTO or, without `preprocess`, is no row of the model
 * @throws PipelineFailedError where `preprocess` returns an invalid row
 */
export async function runPipeline(
  { steps, metadata }: RegisteredPipeline,
  inputs: readonly PredictionInput[],
  version: ModelVersion,
  context: PipelineRunContext,
): Promise<unknown[]> {
  const validated = await mapConcurrently(inputs, context, ({ value, location }) => {
    return metadata.input ? validateInput(metadata.input, { value, location }) : (value as object);
  });
  const features = steps.preprocess
    ? await mapConcurrently(validated, context, (input) => steps.preprocess!(input, context))
    : validated;
  const rows = steps.preprocess ? checkPipelineFeatures(features, version) : checkRows(inputs, version);
  const predictions = await version.predict(rows, context);
  if (!steps.respond) return predictions;
  return mapConcurrently(predictions, context, (prediction, index) => {
    return steps.respond!(prediction, { ...context, input: validated[index]!, features: features[index]! });
  });
}

/** @throws InvalidInputError for an input that breaks the DTO */
export async function validateInput(type: Type<object>, { value, location }: PredictionInput): Promise<object> {
  try {
    return await validateAs(type, value, location);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(hintAtExtra(error.errors, location));
  }
}

/** An invalid row made from a valid input is a fault of the pipeline, not of the client. */
function checkPipelineFeatures(features: readonly object[], version: ModelVersion): CheckedRow[] {
  try {
    return checkFeatures(features, version);
  } catch (error) {
    throw error instanceof InvalidInputError ? new PipelineFailedError(error) : error;
  }
}

/**
 * Maps a slice of the items at a time, and lets other requests run in between.
 *
 * @throws ClientGoneError, DeadlineError before a slice that nobody waits for any more
 */
async function mapConcurrently<T, R>(
  items: readonly T[],
  { signal, deadline }: PipelineRunContext,
  map: (item: T, index: number) => R | Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += STEP_CONCURRENCY) {
    if (start > 0) await yieldToEventLoop();
    if (signal.aborted) throw new ClientGoneError();
    if (performance.now() >= deadline) throw new DeadlineError();
    const slice = items.slice(start, start + STEP_CONCURRENCY);
    results.push(...(await Promise.all(slice.map((item, index) => map(item, start + index)))));
  }
  return results;
}
