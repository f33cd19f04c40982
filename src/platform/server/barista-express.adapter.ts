import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type NestApplicationOptions, StreamableFile } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Application, Response } from 'express';
import { stringifyExactJson } from '../http/index.js';
import { installStandardHeaders } from './response-headers.js';
import { ResponseQueue } from './response-queue.js';
import { RoutePlans } from './route-plans.js';
import { stablePrototypes } from './stable-prototypes.js';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Express settings that change how JSON is written. */
const SETTINGS = ['etag fn', 'json escape', 'json replacer', 'json spaces'];
const NO_BODY = new Set([204, 205, 304]);

/**
 * An accelerated version of Nest's Express adapter. It gives the same responses, except that it writes 64-bit integers with all
 * their digits where the stock adapter fails.
 */
export class BaristaExpressAdapter extends ExpressAdapter {
  readonly plans = new RoutePlans(this.getInstance<Application>());
  readonly responseQueue = new ResponseQueue();
  private readonly classes = stablePrototypes(this.getInstance<Application>());

  /** Gives every response these headers, unless a handler changes them. Must be called before the first request. */
  setStandardHeaders(headers: readonly (readonly [name: string, value: string])[]): void {
    const { response } = this.getInstance<{ response: object }>();
    installStandardHeaders(response, headers);
  }

  override initHttpServer(options: NestApplicationOptions): void {
    // Nest's own method applies the other options.
    super.initHttpServer({ ...options, forceCloseConnections: false });
    const { classes } = this;
    const { listener } = this.plans;
    const { httpsOptions } = options;
    this.httpServer = httpsOptions
      ? createSecureServer({ ...httpsOptions, ...classes }, listener)
      : createServer(classes, listener);
    if (options.forceCloseConnections) (this as unknown as Trackable).trackOpenConnections();
  }

  /** Creates a second server, without TLS, which serves only the URLs that `serves` accepts. */
  createServerFor(serves: (url: string) => boolean): Server {
    return createServer(this.classes, this.plans.listenerFor(serves));
  }

  override reply(response: Response, body: unknown, statusCode?: number): unknown {
    if (statusCode !== undefined) response.statusCode = statusCode;
    return sendJson(response, body, this.responseQueue) ? response : super.reply(response, body, statusCode);
  }
}

/** A private method of Nest's adapter. */
interface Trackable {
  trackOpenConnections(): void;
}

/**
 * Sends an object as JSON, with 64-bit integers exactly as they are. Head and body are one write where Express would change
 * neither.
 *
 * @returns false where Express must send the response
 */
function sendJson(response: Response, body: unknown, queue: ResponseQueue): boolean {
  const { settings } = response.app as unknown as { settings: Record<string, unknown> };
  const isJson = typeof body === 'object' && body !== null && !(body instanceof StreamableFile);
  if (!isJson || body instanceof Error || response.hasHeader('Content-Type')) return false;
  if (SETTINGS.some((name) => settings[name] !== undefined)) return false;
  const text = stringifyExactJson(body);
  if (text === undefined) return false;
  if (hasPlainBody(response)) {
    response.setHeader('Content-Type', JSON_TYPE);
    response.setHeader('Content-Length', Buffer.byteLength(text));
    queue.end(response, text);
  } else response.set('Content-Type', JSON_TYPE).send(text);
  return true;
}

/** Whether the response has a body that does not depend on conditional headers. */
function hasPlainBody({ req, statusCode }: Response): boolean {
  const { headers, method } = req;
  const isConditional = headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
  return method !== 'HEAD' && !isConditional && !NO_BODY.has(statusCode);
}
