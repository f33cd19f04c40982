import type { RequestListener, Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { EnvironmentSettings } from '../config/index.js';
import { MethodNotAllowedError, ProblemFilter, type ServerHooks, standardHeaders } from '../http/index.js';
import { Log } from '../logging/index.js';
import { Admission } from './load-shedder.js';
import { Arrivals } from './connection-gate.js';
import type { BaristaExpressAdapter } from './barista-express.adapter.js';
import { clientErrors, hangUp } from './reject-connection.js';
import { entrance } from './request-gate.js';
import { ProbePort } from './probe-port.js';
import { isProbe } from './probes.js';
import { limitServer } from './server-limits.js';
import { ServerSettings } from './server.settings.js';
import { SlowReaders } from './slow-read-guard.js';
import { Traffic } from './connection-tracker.js';

/**
 * Protects the servers of an application on the `BaristaExpressAdapter`, with the `ServerModule`.
 *
 * @returns what `configureHttp` needs
 */
export function configureServer(app: NestExpressApplication): ServerHooks {
  const adapter = app.getHttpAdapter() as unknown as BaristaExpressAdapter;
  protectServers(app, adapter);
  return {
    gate: entrance(app.get(ProblemFilter), app.get(Admission)),
    useStandardHeaders: (headers) => adapter.setStandardHeaders(headers),
    useFallback: (handler) => {
      adapter.plans.lastResort = handler;
    },
  };
}

/** Handles the events that Node's servers raise outside of requests, and sets their limits. */
function protectServers(app: NestExpressApplication, adapter: BaristaExpressAdapter): void {
  const traffic = app.get(Traffic);
  const refusing = { standardHeaders: standardHeaders(app.get(EnvironmentSettings).isProduction), log: app.get(Log) };
  const protect = (server: Server, listener: RequestListener): Server => {
    limitServer(server, app.get(ServerSettings), app.get(Log));
    traffic.track(server);
    server.on('clientError', clientErrors(app.get(ProblemFilter), traffic, refusing));
    server.on('connect', ({ socket }) => hangUp(socket, new MethodNotAllowedError('CONNECT', ''), refusing));
    return server.on('checkExpectation', listener);
  };
  app.get(Arrivals).watch(protect(app.getHttpServer(), adapter.plans.listener));
  app.get(SlowReaders).watch();
  app.get(ProbePort).prepare(() => protect(adapter.createServerOf(isProbe), adapter.plans.listenerOf(isProbe)));
}
