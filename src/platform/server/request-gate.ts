import type { NextFunction, Request, Response } from 'express';
import type { ProblemFilter } from '../http/index.js';
import type { Admission } from './load-shedder.js';
import { findFlaw } from './request-head.js';

declare module 'net' {
  interface Socket {
    /** What still arrives here is no request: the connection is about to be closed. */
    isRefused?: true;
  }
}

/** Refuses what is not sound, and the connection that it came on; the rest is let in when there is room. */
export function entrance(filter: ProblemFilter, admission: Admission) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const { socket } = request;
    if (socket.isRefused) return;
    const flaw = findFlaw(request);
    if (!flaw) {
      admission.admit(request, response, next);
      return;
    }
    socket.isRefused = true;
    response.setHeader('Connection', 'close');
    filter.answer(flaw, request, response);
  };
}
