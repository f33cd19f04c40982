import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Response } from 'express';
import {
  type DomainError,
  MalformedRequestError,
  PayloadTooLargeError,
  type ProblemFilter,
  problemOf,
  type StandardHeaders,
} from '../http/index.js';
import type { Log } from '../logging/index.js';
import type { ConnectionTracker } from './connection-tracker.js';
import { HeadersTooLargeError, RequestTimeoutError } from './server-errors.js';

/** Errors of Node's HTTP server, by code. All other codes mean a malformed request. */
const ERRORS: Record<string, () => DomainError> = {
  HPE_HEADER_OVERFLOW: () => new HeadersTooLargeError(),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => new PayloadTooLargeError('The extensions of the chunks are too large.'),
  ERR_HTTP_REQUEST_TIMEOUT: () => new RequestTimeoutError(),
};
/** Time before a rejected connection is destroyed. A client that is still sending would not see the response after a reset. */
const LINGER_MS = 1_000;

export interface RejectionContext {
  readonly standardHeaders: StandardHeaders;
  readonly log: Log;
}

/**
 * Handles Node's `clientError`: bytes that are not a request, or a request that breaks off. The client gets the response that
 * the application gives to such an error, after all earlier responses on the connection, and the connection is closed.
 */
export function clientErrorHandler(filter: ProblemFilter, connections: ConnectionTracker, context: RejectionContext) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (socket.isRejected) return;
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    socket.isRejected = true;
    const problem = ERRORS[error.code ?? '']?.() ?? new MalformedRequestError('This is not well-formed HTTP.');
    const last = connections.inFlightOn(socket).at(-1);
    if (!last) rejectConnection(socket, problem, context);
    else closeAfter(last, problem, filter);
  };
}

/** Makes a response in flight the last one of its connection. It carries the error if its own request is incomplete. */
function closeAfter(response: Response, problem: DomainError, filter: ProblemFilter): void {
  const { req: request } = response;
  if (response.headersSent) {
    response.once('close', () => request.socket.destroySoon());
    return;
  }
  response.setHeader('Connection', 'close');
  if (!request.complete) filter.answer(problem, request, response);
}

/** Sends an error response on a connection that has no request, closes the connection, and logs the id of the response. */
export function rejectConnection(socket: Socket, error: DomainError, { standardHeaders, log }: RejectionContext): void {
  const { status, code, detail } = problemOf(error);
  const title = STATUS_CODES[status] ?? 'Error';
  const requestId = randomUUID();
  const body = JSON.stringify({ type: `urn:barista:problem:${code}`, title, status, code, detail, requestId });
  const headers: StandardHeaders = [
    ...standardHeaders,
    ...Object.entries(error.headers ?? {}),
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
