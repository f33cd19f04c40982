import { applyDecorators, Injectable, SetMetadata, type Type } from '@nestjs/common';
import type { AuthenticatedMember } from '../../auth/index.js';

/** The request that a pipeline runs for; the same object for every call of `preprocess` of one request. */
export interface PipelineContext {
  readonly model: string;
  readonly version: string;
  /** Aborts when the client disconnects. */
  readonly signal?: AbortSignal;
  /** The member who sent the request; undefined where nobody is logged in. */
  caller(): Promise<AuthenticatedMember | undefined>;
}

/** The context of `respond`, with the results of the steps before it. */
export interface ResponseContext<Input, Features> extends PipelineContext {
  readonly input: Input;
  readonly features: Features;
}

/**
 * Code around a model. `POST /models/{name}/predict` then takes inputs and returns responses in place of rows and
 * predictions. A missing step passes its input on. `/v2` and `@InjectModel` bypass the pipeline.
 */
export interface Pipeline<Input extends object, Features extends object, Prediction, Response> {
  /** Makes a row of the model from an input, which has been validated as `PipelineOptions.input`. */
  preprocess?(input: Input, context: PipelineContext): Features | Promise<Features>;
  /** Makes the response for an input from the model's prediction. */
  respond?(prediction: Prediction, context: ResponseContext<Input, Features>): Response | Promise<Response>;
}

/** DTO classes that validate the inputs and document the endpoint. */
export interface PipelineOptions {
  /** Required with `preprocess`. */
  readonly input?: Type<object>;
  /** Required with `respond`. */
  readonly answer?: Type<object>;
}

export interface PipelineMetadata extends PipelineOptions {
  readonly model: string;
}

export const PIPELINE = Symbol('pipeline');

/** Makes a provider the pipeline of a model. The provider stays in its feature's own module. */
export function Pipeline(model: string, options: PipelineOptions = {}): ClassDecorator {
  return applyDecorators(Injectable(), SetMetadata(PIPELINE, { model, ...options } satisfies PipelineMetadata));
}
