import type { AppName } from './apps.js';
import type { RawRequests } from './raw-requests.js';

/** A kind of request: its name and its parts. */
export type Row = readonly [
  name: string,
  method: string,
  target: string,
  headers?: Readonly<Record<string, string>>,
  body?: string,
];

export interface Shape extends RawRequests {
  readonly app: AppName;
  readonly name: string;
}

export const HOST = 'cats.example.test';
export const JSON_BODY = { 'Content-Type': 'application/json' };
export const FORM_BODY = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** Converts the rows of a table to requests for an application. */
export function shapesOf(app: AppName, rows: readonly Row[]): Shape[] {
  return rows.map(([name, method, target, headers, body]) => {
    return {
      app,
      name: `${name}: ${method} ${shorten(target)}`,
      bytes: compose(method, target, headers, body),
      methods: [method],
    };
  });
}

/** Serialises a request. A given header replaces the default one. */
export function compose(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const isChunked = headers['Transfer-Encoding'] === 'chunked';
  const length = body && !isChunked ? { 'Content-Length': String(Buffer.byteLength(body)) } : {};
  const all = { Host: HOST, Connection: 'close', ...length, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${target} HTTP/1.1`, ...lines, '', body].join('\r\n');
}

function shorten(target: string): string {
  return target.length > 60 ? `${target.slice(0, 60)}…` : target;
}
