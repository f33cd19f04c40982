import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** Adds each step that ran to a response header, in order. */
export function trace(response: Response, name: string): void {
  if (!response.headersSent) response.append('X-Trace', name);
}

/** Middleware that adds its name and its path to a response header, and calls `next`. */
export function step(name: string): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    trace(response, `${name} ${encodeURI(request.baseUrl)}|${encodeURI(request.url)}`);
    next();
  };
}

/** The properties of a request that routing sets. */
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

/** A value that middleware attaches to a request for handlers. */
export interface Marked extends Request {
  marked?: string;
}
