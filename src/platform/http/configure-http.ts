import type { RequestListener, Server } from 'node:http';
import { NotFoundException } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { EnvironmentSettings } from '../config/index.js';
import { Log, SecurityLog } from '../logging/index.js';
import { RequestInputGuard } from './body/request-input.guard.js';
import { Arrivals } from '../server/arrivals.js';
import { Admission } from '../server/admission.js';
import type { BaristaExpressAdapter } from '../server/barista-express.adapter.js';
import { clientErrors, hangUp } from '../server/client-error.js';
import { refuseCrossSiteWrites } from './cross-site.js';
import { entrance } from '../server/entrance.js';
import { GracefulShutdown } from '../server/graceful-shutdown.js';
import { MethodNotAllowedError } from './method-not-allowed.js';
import { ProbePort } from '../server/probe-port.js';
import { isProbe } from '../server/probes.js';
import { RequestObservers } from './request-observers.js';
import { requestTracking } from './request-tracking.js';
import { standardHeaders } from './security-headers.js';
import { limitServer } from '../server/server-limits.js';
import { SlowReaders } from '../server/slow-readers.js';
import { Traffic } from '../server/traffic.js';
import { ProblemFilter } from './errors/problem.filter.js';
import { HttpSettings } from './http.settings.js';
import { prepareHandlers } from './prepare-handlers.js';

/** Everything that happens to a request before its handler's own guards, pipes and filters. */
export function configureHttp(app: NestExpressApplication): void {
  const settings = app.get(HttpSettings);
  const shutdown = app.get(GracefulShutdown);
  const filter = app.get(ProblemFilter);
  prepareHandlers(app.get(ModulesContainer), app.get(RequestInputGuard));

  const adapter = app.getHttpAdapter() as unknown as BaristaExpressAdapter;
  const headers = standardHeaders(app.get(EnvironmentSettings).isProduction);
  adapter.setStandardHeaders(headers);
  guardServers(app, headers);
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', settings.trustProxy);
  const track = requestTracking(app.get(RequestObservers), shutdown);
  const enter = entrance(filter, app.get(Admission));
  app.use(track);
  app.use(enter);
  adapter.plans.lastResort = (request, response) => {
    track(request, response, () =>
      enter(request, response, () => filter.answer(new NotFoundException(), request, response)),
    );
  };
  if (settings.corsOrigins.length > 0) {
    app.enableCors({ origin: [...settings.corsOrigins], credentials: true, exposedHeaders: EXPOSED_HEADERS });
  }
  app.use(refuseCrossSiteWrites(settings.corsOrigins, app.get(SecurityLog)));
  // What fails before a route is found has not reached Nest's own error handling yet.
  app.use((error: unknown, request: Request, response: Response, _: NextFunction) => {
    filter.answer(error, request, response);
  });
}

/** What Node's servers do by themselves, or leave undone, before a request is one. */
function guardServers(app: NestExpressApplication, headers: ReturnType<typeof standardHeaders>): void {
  const adapter = app.getHttpAdapter() as unknown as BaristaExpressAdapter;
  const traffic = app.get(Traffic);
  const refusing = { standardHeaders: headers, log: app.get(Log) };
  const guard = (server: Server, listener: RequestListener): Server => {
    limitServer(server, app.get(HttpSettings), app.get(Log));
    traffic.track(server);
    server.on('clientError', clientErrors(app.get(ProblemFilter), traffic, refusing));
    server.on('connect', ({ socket }) => hangUp(socket, new MethodNotAllowedError('CONNECT', ''), refusing));
    return server.on('checkExpectation', listener);
  };
  const server = guard(app.getHttpServer(), adapter.plans.listener);
  app.get(Arrivals).watch(server);
  app.get(SlowReaders).watch();
  app.get(ProbePort).prepare(() => guard(adapter.createServerOf(isProbe), adapter.plans.listenerOf(isProbe)));
}

const EXPOSED_HEADERS = ['ETag', 'Inference-Header-Content-Length', 'Location', 'Retry-After', 'X-Request-Id'];
