import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';

/** A request and the response to it: a session is read from the one and changed through the other. */
export interface Exchange {
  readonly request: Request;
  readonly response: Response;
}

export function exchangeOf(context: ExecutionContext): Exchange {
  const http = context.switchToHttp();
  return { request: http.getRequest<Request>(), response: http.getResponse<Response>() };
}

/** Injects the `Exchange` into a controller method. */
export const CurrentExchange = createParamDecorator((_: unknown, context: ExecutionContext) => exchangeOf(context));
