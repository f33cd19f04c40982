import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';

/** A request and the response to it: a session is read from the one and changed through the other. */
export interface HttpContext {
  readonly request: Request;
  readonly response: Response;
}

export function httpContextOf(context: ExecutionContext): HttpContext {
  const http = context.switchToHttp();
  return { request: http.getRequest<Request>(), response: http.getResponse<Response>() };
}

/** Injects the `HttpContext` into a controller method. */
export const CurrentHttpContext = createParamDecorator((_: unknown, context: ExecutionContext) =>
  httpContextOf(context),
);
