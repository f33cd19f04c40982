import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Response } from 'express';

/** Injects a signal that tells when the client has hung up before its answer. */
export const ClientGone = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal => {
  const response = context.switchToHttp().getResponse<Response>();
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
});

/** Injects whether the body came as a form. */
export const IsForm = createParamDecorator((_: unknown, context: ExecutionContext): boolean =>
  Boolean(context.switchToHttp().getRequest<{ is(type: string): unknown }>().is('application/x-www-form-urlencoded')),
);
