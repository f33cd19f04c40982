import type { Request } from 'express';

/** What the caller sends as a bearer token, whatever it looks like; undefined where they send none. */
export function bearerToken(request: Request): string | undefined {
  const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ', 2);
  return scheme.toLowerCase() === 'bearer' ? token : undefined;
}
