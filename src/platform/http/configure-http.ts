import { NotFoundException } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { ExpressAdapter, NestExpressApplication } from '@nestjs/platform-express';
import type { Application, NextFunction, Request, RequestHandler, Response } from 'express';
import { EnvironmentSettings } from '../config/index.js';
import { SecurityLog } from '../logging/index.js';
import { writeExactJson } from './body/json.js';
import { RequestInputGuard } from './body/request-input.guard.js';
import { refuseCrossSiteWrites } from './cross-site.js';
import { ProblemFilter } from './errors/problem.filter.js';
import { HttpSettings } from './http.settings.js';
import { respondToWrongMethods } from './method-not-allowed.js';
import { prepareHandlers } from './prepare-handlers.js';
import { RequestObservers, requestTracking } from './request-tracking.js';
import { setStandardHeaders, type StandardHeaders, standardHeaders } from './security-headers.js';

/** Extensions of the server under the application. Without them, requests are handled by middleware alone. */
export interface ServerHooks {
  /** Middleware that runs once a request has its id, before all other middleware. */
  readonly gate: RequestHandler;
  /** Gives the headers to every response, in place of middleware. */
  useStandardHeaders(headers: StandardHeaders): void;
  /** Sets the handler of requests whose target Express cannot parse. */
  useFallback(handler: (request: Request, response: Response) => void): void;
}

const EXPOSED_HEADERS = ['ETag', 'Inference-Header-Content-Length', 'Location', 'Retry-After', 'X-Request-Id'];

/**
 * Installs everything that happens to a request before the guards, pipes and filters of its handler. Must be called before
 * Nest registers the routes.
 */
export function configureHttp(app: NestExpressApplication, server?: ServerHooks): void {
  const settings = app.get(HttpSettings);
  const filter = app.get(ProblemFilter);
  const headers = standardHeaders(app.get(EnvironmentSettings).isProduction);
  const track = requestTracking(app.get(RequestObservers));
  prepareHandlers(app.get(ModulesContainer), app.get(RequestInputGuard));
  const adapter = app.getHttpAdapter() as unknown as ExpressAdapter;
  respondToWrongMethods(adapter);
  writeExactJson(adapter.getInstance<Application>());
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', settings.trustProxy);
  if (server) useServer(app, server, { headers, track });
  else app.use(setStandardHeaders(headers), track);
  if (settings.corsOrigins.length > 0) {
    app.enableCors({ origin: [...settings.corsOrigins], credentials: true, exposedHeaders: EXPOSED_HEADERS });
  }
  app.use(refuseCrossSiteWrites(settings.corsOrigins, app.get(SecurityLog)));
  // Nest handles only errors of routes; errors of the middleware above are handled here.
  app.use((error: unknown, request: Request, response: Response, _: NextFunction) => {
    filter.answer(error, request, response);
  });
}

interface Tracking {
  readonly headers: StandardHeaders;
  readonly track: RequestHandler;
}

function useServer(app: NestExpressApplication, server: ServerHooks, { headers, track }: Tracking): void {
  const filter = app.get(ProblemFilter);
  server.useStandardHeaders(headers);
  app.use(track);
  app.use(server.gate);
  const notFound = (request: Request, response: Response): void =>
    filter.answer(new NotFoundException(), request, response);
  server.useFallback((request, response) => {
    const admit = (): unknown => server.gate(request, response, () => notFound(request, response));
    track(request, response, () => void admit());
  });
}
