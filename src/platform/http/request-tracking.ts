import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Log } from '../logging/index.js';
import type { FinishedRequest, RequestObservers } from './request-observers.js';

const VALID_REQUEST_ID = /^[\w.:-]{1,128}$/;
const MAX_LOGGED_PATH = 2_048;
const CLIENT_CLOSED_REQUEST = 499;

/** Middleware that gives each request an id and notifies the observers of its beginning and its end. */
export function requestTracking(observers: RequestObservers) {
  // One listener for all responses, without a closure for each: `this` is the response.
  function closed(this: Response): void {
    const { req: request } = this;
    const status = this.writableFinished ? this.statusCode : CLIENT_CLOSED_REQUEST;
    const ms = performance.now() - request.startedAt;
    this.presence?.end(this.writableFinished);
    observers.notifyEnd({ request, response: this, path: pathOf(request.originalUrl), status, ms });
  }
  return (request: Request, response: Response, next: NextFunction): void => {
    request.startedAt = performance.now();
    const given = request.headers['x-request-id'];
    request.requestId = typeof given === 'string' && VALID_REQUEST_ID.test(given) ? given : randomUUID();
    response.setHeader('X-Request-Id', request.requestId);
    response.on('close', closed);
    observers.notifyBegin(response);
    next();
  };
}

/** Logs one line for a request that has ended. */
export function logRequest(log: Log, { request, path, status, ms }: FinishedRequest): void {
  const { requestId, method, memberId } = request;
  log.request({ requestId, method, path, status, ms: Math.round(ms * 100) / 100, memberId });
}

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return (end === -1 ? url : url.slice(0, end)).slice(0, MAX_LOGGED_PATH);
}
