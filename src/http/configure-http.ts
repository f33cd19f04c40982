import { ModulesContainer } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { EnvironmentSettings } from '../config/index.js';
import { SecurityLog } from '../logging/index.js';
import { RequestInputGuard } from './body/request-input.guard.js';
import type { BaristaExpressAdapter } from './edge/barista-express.adapter.js';
import { refuseCrossSiteWrites } from './edge/cross-site.js';
import { GracefulShutdown } from './edge/graceful-shutdown.js';
import { RequestObservers } from './edge/request-observers.js';
import { requestTracking } from './edge/request-tracking.js';
import { standardHeaders } from './edge/security-headers.js';
import { ProblemFilter } from './errors/problem.filter.js';
import { HttpSettings } from './http.settings.js';
import { prepareHandlers } from './prepare-handlers.js';

/** Everything that happens to a request before its handler's own guards, pipes and filters. */
export function configureHttp(app: NestExpressApplication): void {
  const settings = app.get(HttpSettings);
  const shutdown = app.get(GracefulShutdown);
  const filter = app.get(ProblemFilter);
  shutdown.track(app.getHttpServer());
  prepareHandlers(app.get(ModulesContainer), app.get(RequestInputGuard));

  const adapter = app.getHttpAdapter() as unknown as BaristaExpressAdapter;
  adapter.setStandardHeaders(standardHeaders(app.get(EnvironmentSettings).isProduction));
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', settings.trustProxy);
  app.use(requestTracking(app.get(RequestObservers), shutdown));
  if (settings.corsOrigins.length > 0) {
    app.enableCors({ origin: [...settings.corsOrigins], credentials: true, exposedHeaders: EXPOSED_HEADERS });
  }
  app.use(refuseCrossSiteWrites(settings.corsOrigins, app.get(SecurityLog)));
  // What fails before a route is found has not reached Nest's own error handling yet.
  app.use((error: unknown, request: Request, response: Response, _: NextFunction) => {
    filter.answer(error, request, response);
  });
}

const EXPOSED_HEADERS = ['ETag', 'Inference-Header-Content-Length', 'Location', 'Retry-After', 'X-Request-Id'];
