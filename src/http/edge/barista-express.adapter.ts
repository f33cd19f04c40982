import { createServer } from 'node:http';
import { type NestApplicationOptions, StreamableFile } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Application, Response } from 'express';
import { stringifyExactJson } from '../body/exact-json.js';
import { answerClientError } from './client-error.js';
import { methodNotAllowed } from './method-not-allowed.js';
import { installStandardHeaders } from './response-headers.js';
import { RoutePlans } from './route-plans.js';
import { stablePrototypes } from './stable-prototypes.js';

/** Senders that are slower than this are closed; Node looks once in `CHECK_INTERVAL_MS`. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CHECK_INTERVAL_MS = 1_000;
/** Longer than the usual load balancer keeps an idle connection, so that it is never us who close one it is about to use. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

const JSON_TYPE = 'application/json; charset=utf-8';

/** Nest's Express adapter with limits on slow senders, exact integers, and an honest answer to a wrong method. */
export class BaristaExpressAdapter extends ExpressAdapter {
  /** Headers of every answer, unless a handler says otherwise. To be called before the first request. */
  setStandardHeaders(headers: readonly (readonly [name: string, value: string])[]): void {
    const { response } = this.getInstance<{ response: object }>();
    installStandardHeaders(response, headers);
  }

  override initHttpServer(_: NestApplicationOptions): void {
    const limits = {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    };
    const app = this.getInstance<Application>();
    this.httpServer = createServer({ ...limits, ...stablePrototypes(app) }, new RoutePlans(app).listener);
    this.httpServer.on('clientError', answerClientError);
  }

  /**
   * Writes JSON with one call: header and body leave together. Integers of 64 bits are written with all their digits.
   */
  override reply(response: Response, body: unknown, statusCode?: number): unknown {
    if (!isJson(body)) return super.reply(response, body, statusCode);
    if (statusCode !== undefined) response.statusCode = statusCode;
    const text = stringifyExactJson(body);
    if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', JSON_TYPE);
    // Of a body that is sent whole, Node says itself how long it is.
    if (response.req.method === 'HEAD') response.setHeader('Content-Length', Buffer.byteLength(text));
    return response.end(text);
  }

  override setNotFoundHandler(...args: Parameters<ExpressAdapter['setNotFoundHandler']>): unknown {
    const instance = this.getInstance<Application>();
    instance.use(methodNotAllowed(instance));
    return super.setNotFoundHandler(...args);
  }
}

function isJson(body: unknown): boolean {
  return typeof body === 'object' && body !== null && !(body instanceof StreamableFile) && !(body instanceof Error);
}
