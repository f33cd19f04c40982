import type { RequestListener, Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { EnvironmentSettings } from '../config/index.js';
import { ReadinessRegistry } from '../health/index.js';
import {
  MethodNotAllowedError,
  ProblemFilter,
  RequestObservers,
  type ServerHooks,
  standardHeaders,
} from '../http/index.js';
import { Log } from '../logging/index.js';
import type { BaristaExpressAdapter } from './barista-express.adapter.js';
import { ConnectionGate } from './connection-gate.js';
import { ConnectionTracker } from './connection-tracker.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { LoadShedder } from './load-shedder.js';
import { ProbePort } from './probe-port.js';
import { isProbe } from './probes.js';
import { clientErrorHandler, rejectConnection } from './reject-connection.js';
import { requestGate } from './request-gate.js';
import { applyServerLimits } from './server-limits.js';
import { ServerSettings } from './server.settings.js';
import { SlowReadGuard } from './slow-read-guard.js';

/**
 * Configures the servers of an application that has the `BaristaExpressAdapter` and the `ServerModule`.
 *
 * @returns the hooks for `configureHttp`
 */
export function configureServer(app: NestExpressApplication): ServerHooks {
  const adapter = app.getHttpAdapter() as unknown as BaristaExpressAdapter;
  observe(app, adapter);
  protectServers(app, adapter);
  return {
    gate: requestGate(app.get(ProblemFilter), app.get(LoadShedder)),
    useStandardHeaders: (headers) => adapter.setStandardHeaders(headers),
    useFallback: (handler) => {
      adapter.plans.fallback = handler;
    },
  };
}

function observe(app: NestExpressApplication, { responseQueue }: BaristaExpressAdapter): void {
  const observers = app.get(RequestObservers);
  app.get(ConnectionTracker).observe(observers);
  observers.onBegin(responseQueue.requestRead);
  const shutdown = app.get(GracefulShutdown);
  const check = () => (shutdown.isStopping ? { ok: false, detail: 'stopping' } : { ok: true });
  app.get(ReadinessRegistry).add('server', check);
}

/** Sets the limits of Node's servers, and handles the events that they emit outside of requests. */
function protectServers(app: NestExpressApplication, adapter: BaristaExpressAdapter): void {
  const log = app.get(Log);
  const connections = app.get(ConnectionTracker);
  const context = { standardHeaders: standardHeaders(app.get(EnvironmentSettings).isProduction), log };
  const protect = (server: Server, listener: RequestListener): Server => {
    applyServerLimits(server, app.get(ServerSettings), log);
    connections.track(server);
    server.on('clientError', clientErrorHandler(app.get(ProblemFilter), connections, context));
    server.on('connect', ({ socket }) => rejectConnection(socket, new MethodNotAllowedError('CONNECT', ''), context));
    return server.on('checkExpectation', listener);
  };
  app.get(ConnectionGate).attach(protect(app.getHttpServer(), adapter.plans.listener));
  app.get(SlowReadGuard).start();
  app.get(ProbePort).prepare(() => protect(adapter.createServerFor(isProbe), adapter.plans.listenerFor(isProbe)));
}
