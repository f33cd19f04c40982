import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Response } from 'express';
import type { Log } from '../logging/index.js';
import {
  type DomainError,
  MalformedRequestError,
  PayloadTooLargeError,
  type ProblemFilter,
  problemOf,
} from '../http/index.js';
import { HeadersTooLargeError, RequestTimeoutError } from './server-errors.js';
import type { Traffic } from './connection-tracker.js';

/** What Node's HTTP parser gives up on; everything else is malformed. */
const ERRORS: Record<string, () => DomainError> = {
  HPE_HEADER_OVERFLOW: () => new HeadersTooLargeError(),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => new PayloadTooLargeError('The extensions of the chunks are too large.'),
  ERR_HTTP_REQUEST_TIMEOUT: () => new RequestTimeoutError(),
};
/** A client that is told what is wrong may still be sending, and would not see the answer if that were refused. */
const LINGER_MS = 1_000;

type Headers = readonly (readonly [name: string, value: string])[];

/** What it takes to refuse what never becomes a request. */
export interface Refusing {
  /** Of every answer. */
  readonly standardHeaders: Headers;
  readonly log: Log;
}

/**
 * Answers what never becomes a request, or ends in the middle of one, in the words of the application, and hangs up. An answer
 * to an earlier request of the same connection goes out before that.
 */
export function clientErrors(filter: ProblemFilter, traffic: Traffic, refusing: Refusing) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (socket.isRefused) return;
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    socket.isRefused = true;
    const problem = ERRORS[error.code ?? '']?.() ?? new MalformedRequestError('This is not well-formed HTTP.');
    const last = traffic.on(socket).at(-1);
    if (!last) hangUp(socket, problem, refusing);
    else endWith(last, problem, filter);
  };
}

/** Makes an answer in flight the last one of its connection: it says what is wrong if it is its own request that is. */
function endWith(response: Response, problem: DomainError, filter: ProblemFilter): void {
  const { req: request } = response;
  if (response.headersSent) {
    response.once('close', () => request.socket.destroySoon());
    return;
  }
  response.setHeader('Connection', 'close');
  if (!request.complete) filter.answer(problem, request, response);
}

/** Says what is wrong to a client without a request, and closes the connection; the log has a line of it, by the answer's id. */
export function hangUp(socket: Socket, problem: DomainError, { standardHeaders, log }: Refusing): void {
  const { code, message: detail } = problem;
  const status = problemOf(problem).status;
  const title = STATUS_CODES[status] ?? 'Error';
  const requestId = randomUUID();
  const body = JSON.stringify({ type: `urn:barista:problem:${code}`, title, status, code, detail, requestId });
  const headers: Headers = [
    ...standardHeaders,
    ...Object.entries(problem.headers ?? {}),
    ['Content-Type', 'application/problem+json'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['X-Request-Id', requestId],
    ['Connection', 'close'],
  ];
  const head = [`HTTP/1.1 ${status} ${title}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
  log.lines.info({ requestId, status, code }, 'refused before it was a request');
}
