import { applyDecorators, Injectable, SetMetadata, type Type } from '@nestjs/common';
import type { AuthenticatedMember } from '../../auth/index.js';

/** What a pipeline knows of the request. */
export interface PipelineContext {
  readonly model: string;
  readonly version: string;
  /** Tells that the client has gone away. */
  readonly signal?: AbortSignal;
  /** Who asks, where they are logged in. */
  caller(): Promise<AuthenticatedMember | undefined>;
}

/** What it knows besides once the model has answered. */
export interface AnswerContext<Input, Features> extends PipelineContext {
  readonly input: Input;
  readonly features: Features;
}

/**
 * Code around a model: `POST /models/{name}/predict` then takes inputs and gives answers instead of rows and predictions.
 * A step that is left out is as without a pipeline. `/v2` and `@InjectModel` speak to the model itself.
 */
export interface Pipeline<Input extends object, Features extends object, Prediction, Answer> {
  /** From what a client sends, checked as `PipelineOptions.input`, to a row of the model. */
  preprocess?(input: Input, context: PipelineContext): Features | Promise<Features>;
  /** From the model's prediction to what the client is told. */
  respond?(prediction: Prediction, context: AnswerContext<Input, Features>): Answer | Promise<Answer>;
}

/** DTO classes, from which inputs are validated and the endpoint is documented. */
export interface PipelineOptions {
  /** Needed where there is a `preprocess`. */
  readonly input?: Type<object>;
  /** Needed where there is a `respond`. */
  readonly answer?: Type<object>;
}

export interface PipelineMetadata extends PipelineOptions {
  readonly model: string;
}

export const PIPELINE = Symbol('pipeline');

/** Makes a provider the pipeline of a model. It is injected like any other, in the module of the team that has it. */
export function Pipeline(model: string, options: PipelineOptions = {}): ClassDecorator {
  return applyDecorators(Injectable(), SetMetadata(PIPELINE, { model, ...options } satisfies PipelineMetadata));
}
