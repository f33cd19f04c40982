import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ClientPresence } from '../../platform/http/index.js';
import type { Model } from '../../serving/index.js';

declare module 'express-serve-static-core' {
  interface Request {
    /** The requested model; set by `ModelAccessGuard`. */
    model?: Model;
  }
}

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

/** Injects a signal that aborts when the client disconnects before its response. */
export const DisconnectSignal = createParamDecorator((_: unknown, context: ExecutionContext) =>
  ClientPresence.of(context.switchToHttp().getResponse<Response>()),
);

/** Injects the requested model. */
export const CurrentModel = createParamDecorator((_: unknown, context: ExecutionContext): Model => {
  return modelOf(context.switchToHttp().getRequest<Request>());
});

/** Injects the `PredictionContext`. */
export const CurrentPrediction = createParamDecorator((_: unknown, context: ExecutionContext): PredictionContext => {
  const http = context.switchToHttp();
  const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
  const isForm = request.headers['content-type']?.startsWith(FORM) === true;
  return { model: modelOf(request), request, response, isForm, signal: ClientPresence.of(response) };
});

function modelOf({ model }: Request): Model {
  if (!model) throw new Error('The handler lacks @UseGuards(ModelAccessGuard)');
  return model;
}
