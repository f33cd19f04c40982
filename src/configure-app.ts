import type { Server } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { ExpressAdapter, NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import type { Variables } from './platform/config/index.js';
import { configureDocs } from './platform/docs/index.js';
import { ReadinessRegistry } from './platform/health/index.js';
import { configureHttp, HttpSettings } from './platform/http/index.js';
import { Log, NestLogger, StartupError } from './platform/logging/index.js';
import { configurePages } from './platform/pages/index.js';
import { BaristaExpressAdapter, configureServer, ProbePort, ServerSettings } from './platform/server/index.js';

/** Length of the queue of connections to accept. The operating system may allow fewer. Node's default of 511 is too short for bursts. */
const BACKLOG = 4_096;

/**
 * Creates the application from its settings. Only the caller reads `process.env`.
 *
 * @param root the modules; a test may add its own controllers
 * @param adapter may be Nest's stock adapter, with a root that has no `ServerModule`
 */
export async function createApp(
  variables: Variables,
  root: DynamicModule = AppModule.forRoot(variables),
  adapter: ExpressAdapter = new BaristaExpressAdapter(),
): Promise<NestExpressApplication> {
  // Nest does not log a failed start: `abortStartup` logs it for the operator.
  const options = { bodyParser: false, bufferLogs: true, autoFlushLogs: false, abortOnError: false };
  return NestFactory.create<NestExpressApplication>(root, adapter, options);
}

/** Configures a created application, in the same way for `main.ts` and for every test. `listen` is the next step. */
export function configureApp(app: NestExpressApplication): NestExpressApplication {
  app.useLogger(app.get(NestLogger));
  configureHttp(app, hasServerModule(app) ? configureServer(app) : undefined);
  configurePages(app);
  configureDocs(app);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  return app;
}

/**
 * Opens the port. Models may still be loading until `/health/ready` responds with 200 and the log has the line `ready`.
 *
 * @param opened called before the first request can arrive
 */
export async function listen(app: NestExpressApplication, opened?: () => void): Promise<void> {
  const { host, port } = app.get(HttpSettings);
  // Of its own, so that an error of a file or of the database is not taken for one of the port.
  await app.init();
  // Nest passes all arguments on to Node, but its types do not have this signature.
  const open = app.listen.bind(app) as unknown as (port: number, host: string, backlog: number) => Promise<unknown>;
  await open(port, host, BACKLOG).catch((error: NodeJS.ErrnoException) => {
    throw addressError(error, host, 'PORT', port);
  });
  opened?.();
  const probes = hasServerModule(app) ? await openProbePort(app, host) : undefined;
  const addresses = { url: urlOf(app.getHttpServer()), ...(probes ? { probeUrl: urlOf(probes) } : {}) };
  app.get(Log).lines.info(addresses, 'listening');
  await app.get(ReadinessRegistry).start();
}

function hasServerModule(app: NestExpressApplication): boolean {
  return app.getHttpAdapter() instanceof BaristaExpressAdapter;
}

function openProbePort(app: NestExpressApplication, host: string): Promise<Server | undefined> {
  return app
    .get(ProbePort)
    .open()
    .catch((error: NodeJS.ErrnoException) => {
      throw addressError(error, host, 'PROBE_PORT', app.get(ServerSettings).probePort!);
    });
}

/** Describes the error and names the setting. */
function addressError(error: NodeJS.ErrnoException, host: string, setting: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new StartupError(`${setting}: ${port} is in use on ${host}; choose another, or 0`);
  if (error.code === 'EACCES') return new StartupError(`${setting}: expected one that this user may open, got ${port}`);
  const isAddress = error.code === 'ENOTFOUND' || error.code === 'EADDRNOTAVAIL' || error.code === 'EAI_AGAIN';
  return isAddress ? new StartupError(`HOST: expected an address of this machine, got "${host}"`) : error;
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return String(address);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
