import type { Request } from 'express';
import { type DomainError, MalformedRequestError } from '../http/index.js';
import { ExpectationFailedError, HeadersTooLargeError } from './server-errors.js';

/** A browser sends some twenty, and proxies add a few. */
const MAX_HEADERS = 200;
const SLASH = 0x2f;
/** A name or an IPv4 address, or an IPv6 address in brackets; and a port. */
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** Most requests are for the same one. */
let lastSoundHost = '';

/**
 * What is wrong with a request that Node's parser lets pass, but that something in front may have read in another way: where
 * it ends, or whom it is for. Nothing that follows it on its connection can be trusted to be a request.
 */
export function findFlaw(request: Request): DomainError | undefined {
  const { headers, httpVersionMajor, httpVersionMinor, rawHeaders, url } = request;
  const { expect, host, 'transfer-encoding': encoding } = headers;
  if (httpVersionMajor !== 1) return new MalformedRequestError('Speak HTTP/1.1 here.');
  // Names and values in turn.
  if (rawHeaders.length > 2 * MAX_HEADERS) return new HeadersTooLargeError();
  if (host !== lastSoundHost && !hasSoundHost(host, httpVersionMinor)) {
    return new MalformedRequestError('There must be one Host header, with a name or address.');
  }
  if (url.charCodeAt(0) !== SLASH && !isSoundTarget(request)) {
    return new MalformedRequestError(
      'The request target must be a path, or a URL whose host is that of the Host header.',
    );
  }
  // An older proxy passes on what it does not know. https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  if (encoding !== undefined && (encoding.toLowerCase() !== 'chunked' || httpVersionMinor === 0)) {
    return new MalformedRequestError('Transfer-Encoding can only be chunked, and only in HTTP/1.1.');
  }
  return expect === undefined || expect.toLowerCase() === '100-continue' ? undefined : new ExpectationFailedError();
}

/** The headers of the same name arrive as one, separated by commas: two hosts are none. */
function hasSoundHost(host: string | undefined, httpVersionMinor: number): boolean {
  if (host === undefined) return httpVersionMinor === 0;
  if (!HOST.test(host)) return false;
  lastSoundHost = host;
  return true;
}

function isSoundTarget({ method, url, headers }: Request): boolean {
  if (url === '*') return method === 'OPTIONS';
  const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1];
  return authority !== undefined && authority.toLowerCase() === headers.host?.toLowerCase();
}
