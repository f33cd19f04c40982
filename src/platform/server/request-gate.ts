import type { NextFunction, Request, Response } from 'express';
import { type DomainError, MalformedRequestError, type ProblemFilter } from '../http/index.js';
import type { LoadShedder } from './load-shedder.js';
import { ExpectationFailedError, HeadersTooLargeError } from './server-errors.js';

declare module 'net' {
  interface Socket {
    /** The connection is about to be closed. Further bytes on it are not requests. */
    isRejected?: true;
  }
}

/** Browsers send about twenty headers, and proxies add a few. */
const MAX_HEADERS = 200;
const SLASH = 0x2f;
/** A name or an IPv4 address, or an IPv6 address in brackets; and an optional port. */
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** Most requests have the same Host header. */
let lastValidHost = '';

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

/**
 * Finds an error in a request line or in headers that Node's parser accepts, but that a proxy may have read in another way, such
 * as where the request ends or for which host it is (request smuggling). After such a request, nothing on its connection can
 * be trusted.
 */
function checkRequestHead(request: Request): DomainError | undefined {
  const { headers, httpVersionMajor, httpVersionMinor, rawHeaders, url } = request;
  const { expect, host, 'transfer-encoding': encoding } = headers;
  if (httpVersionMajor !== 1) return new MalformedRequestError('Speak HTTP/1.1 here.');
  // Names and values alternate.
  if (rawHeaders.length > 2 * MAX_HEADERS) return new HeadersTooLargeError();
  if (host !== lastValidHost && !isValidHost(host, httpVersionMinor)) {
    return new MalformedRequestError('There must be one Host header, with a name or address.');
  }
  if (url.charCodeAt(0) !== SLASH && !isValidTarget(request)) {
    return new MalformedRequestError(
      'The request target must be a path, or a URL whose host is that of the Host header.',
    );
  }
  // An older proxy forwards what it does not know. https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  if (encoding !== undefined && (encoding.toLowerCase() !== 'chunked' || httpVersionMinor === 0)) {
    return new MalformedRequestError('Transfer-Encoding can only be chunked, and only in HTTP/1.1.');
  }
  return expect === undefined || expect.toLowerCase() === '100-continue' ? undefined : new ExpectationFailedError();
}

/** Node joins headers of the same name with commas: two Host headers do not match the pattern. */
function isValidHost(host: string | undefined, httpVersionMinor: number): boolean {
  if (host === undefined) return httpVersionMinor === 0;
  if (!HOST.test(host)) return false;
  lastValidHost = host;
  return true;
}

function isValidTarget({ method, url, headers }: Request): boolean {
  if (url === '*') return method === 'OPTIONS';
  const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1];
  return authority !== undefined && authority.toLowerCase() === headers.host?.toLowerCase();
}
