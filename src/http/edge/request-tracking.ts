import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Log } from '../../logging/index.js';
import type { FinishedRequest, RequestObservers } from './request-observers.js';

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;
const MAX_LOGGED_PATH = 2_048;
const CLIENT_CLOSED_REQUEST = 499;

/** Gives each request its id, and tells the observers when it is over. */
export function requestTracking(observers: RequestObservers) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const started = performance.now();
    const path = pathOf(request.originalUrl);
    const given = request.headers['x-request-id'];
    request.requestId = typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
    response.setHeader('X-Request-Id', request.requestId);
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST;
      observers.notify({ request, response, path, status, ms: performance.now() - started });
    });
    next();
  };
}

/** One line a request. */
export function logRequest(log: Log, { request, path, status, ms }: FinishedRequest): void {
  const { requestId, method, memberId } = request;
  log.requests.info({ requestId, method, path, status, ms: Math.round(ms * 100) / 100, memberId }, 'request');
}

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return (end === -1 ? url : url.slice(0, end)).slice(0, MAX_LOGGED_PATH);
}
