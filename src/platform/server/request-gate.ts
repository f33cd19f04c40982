import type { NextFunction, Request, Response } from 'express';
import type { ProblemFilter } from '../http/index.js';
import type { LoadShedder } from './load-shedder.js';
import { checkRequestHead } from './request-head.js';

declare module 'net' {
  interface Socket {
    /** The connection is about to be closed. Further bytes on it are not requests. */
    isRejected?: true;
  }
}

/** Middleware that rejects a request with an invalid head, closes its connection, and passes all others to the load shedder. */
export function requestGate(filter: ProblemFilter, shedder: LoadShedder) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const { socket } = request;
    if (socket.isRejected) return;
    const error = checkRequestHead(request);
    if (!error) {
      shedder.admit(request, response, next);
      return;
    }
    socket.isRejected = true;
    response.setHeader('Connection', 'close');
    filter.answer(error, request, response);
  };
}
