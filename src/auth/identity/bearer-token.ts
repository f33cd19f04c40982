import type { Request } from 'express';

/** The bearer token of a request, unvalidated; undefined without one. */
export function bearerToken(request: Request): string | undefined {
  const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ', 2);
  return scheme.toLowerCase() === 'bearer' ? token : undefined;
}
