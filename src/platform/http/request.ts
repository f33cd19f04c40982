import { isIPv6 } from 'node:net';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Actor } from '../logging/index.js';

declare module 'express-serve-static-core' {
  interface Request {
    requestId: string;
    /** In the time of `performance.now()`. */
    startedAt: number;
    /** Set once the caller is authenticated. */
    memberId?: string;
  }
}

/** The caller of a request and its address, for the security log. */
export interface RequestActor extends Actor {
  readonly requestId: string;
  readonly address: string;
  readonly userAgent: string | undefined;
}

/** Describes the caller of `request`. */
export function actorOf(request: Request): RequestActor {
  const { requestId, memberId } = request;
  return { requestId, memberId, address: request.ip ?? '', userAgent: request.get('user-agent')?.slice(0, 512) };
}

/** Injects the `RequestActor` into a controller method. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext) =>
  actorOf(context.switchToHttp().getRequest<Request>()),
);

/** Whether the client prefers HTML to JSON, as a browser does when it opens a page. JSON is the default. */
export function prefersHtml(request: Request): boolean {
  return request.accepts(['application/json', 'text/html']) === 'text/html';
}

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** Groups of 16 bits in a /64, which one household or server gets (RFC 6177). */
const GROUPS_OF_NETWORK = 4;
const GROUPS = 8;

/** The network of an address for rate limits: an IPv4 address itself, or the /64 of an IPv6 address, of which a caller has 2^64. */
export function networkOf(address: string): string {
  const mapped = IPV4_MAPPED.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = [], tail = []] = address
    .split('%')[0]!
    .split('::')
    .map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: GROUPS - head.length - tail.length }, () => '0');
  const groups = [...head, ...zeros, ...tail].map((group) => parseInt(group, 16).toString(16));
  return `${groups.slice(0, GROUPS_OF_NETWORK).join(':')}::/64`;
}
