import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ClientPresence } from '../../platform/http/index.js';

const FORM = 'application/x-www-form-urlencoded';

/** What a prediction needs to know of the request beside its body. */
export interface PredictionCall {
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

/** Injects the `PredictionCall`. */
export const CurrentCall = createParamDecorator((_: unknown, context: ExecutionContext): PredictionCall => {
  const http = context.switchToHttp();
  const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
  const isForm = request.headers['content-type']?.startsWith(FORM) === true;
  return { request, response, isForm, gone: ClientPresence.of(response) };
});
