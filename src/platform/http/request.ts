import { isIPv6 } from 'node:net';
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

/** Whether a caller would rather have a page: a browser that shows what it asks for. Who has no wish gets JSON. */
export function prefersHtml(request: Request): boolean {
  return request.accepts(['application/json', 'text/html']) === 'text/html';
}

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** Sixteen bits each: half of an address, which is what one household or server gets (RFC 6177). */
const GROUPS_OF_NETWORK = 4;
const GROUPS = 8;

/** What an address is counted as: an IPv4 address itself, the /64 of an IPv6 one, of which a caller has 2^64. */
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
