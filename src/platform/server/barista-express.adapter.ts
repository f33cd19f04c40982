import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { NestApplicationOptions, RequestMethod } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Application, RequestHandler, Response } from 'express';
import { answerJson } from './json-answer.js';
import { methodNotAllowed } from '../http/method-not-allowed.js';
import { installStandardHeaders } from './response-headers.js';
import { RoutePlans } from './route-plans.js';
import { stablePrototypes } from './stable-prototypes.js';

/** Nest's Express adapter with exact integers and an honest answer to a wrong method. */
export class BaristaExpressAdapter extends ExpressAdapter {
  readonly plans = new RoutePlans(this.getInstance<Application>());
  private readonly classes = stablePrototypes(this.getInstance<Application>());
  /** Layers that look like routes, but are middleware for a method and a path. */
  private readonly middleware = new WeakSet<object>();

  /** Headers of every answer, unless a handler says otherwise. To be called before the first request. */
  setStandardHeaders(headers: readonly (readonly [name: string, value: string])[]): void {
    const { response } = this.getInstance<{ response: object }>();
    installStandardHeaders(response, headers);
  }

  override initHttpServer(options: NestApplicationOptions): void {
    // Nest's own first: it installs what its other options ask for.
    super.initHttpServer({ ...options, forceCloseConnections: false });
    const { classes } = this;
    const { listener } = this.plans;
    const { httpsOptions } = options;
    this.httpServer = httpsOptions
      ? createSecureServer({ ...httpsOptions, ...classes }, listener)
      : createServer(classes, listener);
    if (options.forceCloseConnections) (this as unknown as Trackable).trackOpenConnections();
  }

  /** A server beside Nest's own, without TLS, for which only what `serves` accepts is there. */
  createServerOf(serves: (url: string) => boolean): Server {
    return createServer(this.classes, this.plans.listenerOf(serves));
  }

  override reply(response: Response, body: unknown, statusCode?: number): unknown {
    if (statusCode !== undefined) response.statusCode = statusCode;
    return answerJson(response, body) ? response : super.reply(response, body, statusCode);
  }

  override createMiddlewareFactory(method: RequestMethod): ReturnType<ExpressAdapter['createMiddlewareFactory']> {
    const create = super.createMiddlewareFactory(method);
    return (path, callback) => {
      const before = this.layers.length;
      create(path, callback);
      for (const layer of this.layers.slice(before)) this.middleware.add(layer);
    };
  }

  override setNotFoundHandler(
    handler: RequestHandler,
    ...rest: Tail<Parameters<ExpressAdapter['setNotFoundHandler']>>
  ): unknown {
    const isRoute = (layer: object): boolean => !this.middleware.has(layer);
    return super.setNotFoundHandler(methodNotAllowed(this.getInstance(), isRoute, handler), ...rest);
  }

  private get layers(): readonly object[] {
    return (this.getInstance<Application>().router as unknown as { stack: object[] }).stack;
  }
}

/** What Nest's adapter keeps to itself. */
interface Trackable {
  trackOpenConnections(): void;
}

type Tail<T extends unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;
