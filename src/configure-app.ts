import type { Server } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import type { Variables } from './platform/config/index.js';
import { configureDocs } from './platform/docs/index.js';
import { ReadinessRegistry } from './platform/health/index.js';
import { BaristaExpressAdapter, configureHttp, HttpSettings, ProbePort } from './platform/http/index.js';
import { Log, NestLogger, StartError } from './platform/logging/index.js';
import { configurePages } from './platform/pages/index.js';

/** How many connections may wait to be accepted; the operating system may allow fewer. Node's 511 are not a burst of clients. */
const BACKLOG = 4_096;

/**
 * The application, made from settings; `process.env` is read by the caller alone.
 *
 * @param root the modules; a test may add a controller of its own to them
 */
export async function createApp(
  variables: Variables,
  root: DynamicModule = AppModule.forRoot(variables),
): Promise<NestExpressApplication> {
  // Of a start that fails, Nest's own story, in a format of its own, is left out: `endStart` says what an operator needs.
  const options = { bodyParser: false, bufferLogs: true, autoFlushLogs: false, abortOnError: false };
  return NestFactory.create<NestExpressApplication>(root, new BaristaExpressAdapter(), options);
}

/** Everything between a created application and an open port: the same for `main.ts` and for every test. */
export function configureApp(app: NestExpressApplication): NestExpressApplication {
  app.useLogger(app.get(NestLogger));
  configureHttp(app);
  configurePages(app);
  configureDocs(app);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  return app;
}

/**
 * Opens the port. Models may still be loading: `/health/ready` and the log's `ready` tell when they are not.
 *
 * @param opened called before the first request can come
 */
export async function listen(app: NestExpressApplication, opened?: () => void): Promise<void> {
  const { host, port, probePort } = app.get(HttpSettings);
  // Nest hands on whatever Node takes, but its types do not say so.
  const open = app.listen.bind(app) as unknown as (port: number, host: string, backlog: number) => Promise<unknown>;
  await open(port, host, BACKLOG).catch((error: NodeJS.ErrnoException) => {
    throw addressError(error, host, 'PORT', port);
  });
  opened?.();
  const probes = await app
    .get(ProbePort)
    .open()
    .catch((error: NodeJS.ErrnoException) => {
      throw addressError(error, host, 'PROBE_PORT', probePort!);
    });
  const addresses = { url: urlOf(app.getHttpServer()), ...(probes ? { probeUrl: urlOf(probes) } : {}) };
  app.get(Log).lines.info(addresses, 'listening');
  await app.get(ReadinessRegistry).start();
}

/** In words, and with the setting's name. */
function addressError(error: NodeJS.ErrnoException, host: string, setting: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new StartError(`${setting}: ${port} is in use on ${host}; choose another, or 0`);
  if (error.code === 'EACCES') return new StartError(`${setting}: expected one that this user may open, got ${port}`);
  const isAddress = error.code === 'ENOTFOUND' || error.code === 'EADDRNOTAVAIL' || error.code === 'EAI_AGAIN';
  return isAddress ? new StartError(`HOST: expected an address of this machine, got "${host}"`) : error;
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return String(address);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
