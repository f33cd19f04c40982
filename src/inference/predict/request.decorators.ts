import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ClientPresence } from '../../platform/http/index.js';
import type { Model } from '../../serving/index.js';

declare module 'express-serve-static-core' {
  interface Request {
    /** The model that the request asks for; set by `ModelAccessGuard`. */
    model?: Model;
  }
}

const FORM = 'application/x-www-form-urlencoded';

/** What a prediction needs to know of the request beside its body. */
export interface PredictionCall {
  /** The model that the request asks for. */
  readonly model: Model;
  readonly request: Request;
  readonly response: Response;
  /** Whether the body came as a form. */
  readonly isForm: boolean;
  /** Tells that the client has hung up before its answer. */
  readonly gone: ClientPresence;
}

/** Injects a signal that tells when the client has hung up before its answer. */
export const ClientGone = createParamDecorator((_: unknown, context: ExecutionContext) =>
  ClientPresence.of(context.switchToHttp().getResponse<Response>()),
);

/** Injects the model that the request asks for. */
export const CurrentModel = createParamDecorator((_: unknown, context: ExecutionContext): Model => {
  return modelOf(context.switchToHttp().getRequest<Request>());
});

/** Injects the `PredictionCall`. */
export const CurrentCall = createParamDecorator((_: unknown, context: ExecutionContext): PredictionCall => {
  const http = context.switchToHttp();
  const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
  const isForm = request.headers['content-type']?.startsWith(FORM) === true;
  return { model: modelOf(request), request, response, isForm, gone: ClientPresence.of(response) };
});

function modelOf({ model }: Request): Model {
  if (!model) throw new Error('The handler lacks @UseGuards(ModelAccessGuard)');
  return model;
}
