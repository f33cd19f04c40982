import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Application, Response } from 'express';
import { answerJson } from './json-response.js';
import { installStandardHeaders } from './response-headers.js';
import { RoutePlans } from './route-plans.js';
import { stablePrototypes } from './stable-prototypes.js';

/**
 * Nest's Express adapter, several times as fast. It gives the same responses, except that integers of 64 bits have all their
 * digits.
 */
export class BaristaExpressAdapter extends ExpressAdapter {
  readonly plans = new RoutePlans(this.getInstance<Application>());
  private readonly classes = stablePrototypes(this.getInstance<Application>());

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
}

/** What Nest's adapter keeps to itself. */
interface Trackable {
  trackOpenConnections(): void;
}
