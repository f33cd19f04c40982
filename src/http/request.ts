import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Actor } from '../logging/index.js';

declare module 'express-serve-static-core' {
  interface Request {
    requestId: string;
    /** As `performance.now()` counts. */
    startedAt: number;
    /** Set as soon as it is known who calls. */
    memberId?: string;
  }
}

/** Who makes a request, from where: for the security log. */
export interface RequestActor extends Actor {
  readonly requestId: string;
  readonly address: string;
  readonly userAgent: string | undefined;
}

/** What is known of the caller of `request`. */
export function actorOf(request: Request): RequestActor {
  const { requestId, memberId } = request;
  return { requestId, memberId, address: request.ip ?? '', userAgent: request.get('user-agent')?.slice(0, 512) };
}

/** Injects the `RequestActor` into a controller method. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext) =>
  actorOf(context.switchToHttp().getRequest<Request>()),
);
