import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';

/** A request and its response. Session code reads the cookie of the one and sets the cookie of the other. */
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
