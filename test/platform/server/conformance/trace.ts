import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** Writes into the answer's headers what ran, in order and as often as it ran. */
export function trace(response: Response, name: string): void {
  if (!response.headersSent) response.append('X-Trace', name);
}

/** Middleware that is seen in the answer, with the path it saw, and goes on. */
export function step(name: string): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    trace(response, `${name} ${encodeURI(request.baseUrl)}|${encodeURI(request.url)}`);
    next();
  };
}

/** Everything of a request that routing has a say in. */
export function factsOf(request: Request, handler: string) {
  const { method, url, originalUrl, baseUrl, path, hostname, protocol, secure, ip, ips, subdomains, xhr, fresh } =
    request;
  return {
    handler,
    method,
    url,
    originalUrl,
    baseUrl,
    path,
    route: (request.route as { path: unknown } | undefined)?.path,
    params: { ...request.params },
    query: request.query,
    body: request.body as unknown,
    marked: (request as Marked).marked,
    hostname,
    network: { protocol, secure, ip, ips, subdomains },
    agent: request.get('User-Agent'),
    httpVersion: request.httpVersion,
    json: request.is('json'),
    accepts: request.accepts(['html', 'json']),
    xhr,
    fresh,
    locals: request.res?.locals,
    ownApp: request.app === request.res?.app,
    appName: request.app.locals.name as unknown,
  };
}

/** What middleware leaves at a request for handlers. */
export interface Marked extends Request {
  marked?: string;
}
