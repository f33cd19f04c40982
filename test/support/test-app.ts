import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Provider, Type } from '@nestjs/common';
import type { ExpressAdapter, NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from '../../src/app.module.js';
import type { Variables } from '../../src/platform/config/index.js';
import { configureApp, createApp, listen } from '../../src/configure-app.js';
import { Client } from './client.js';

/** The HTTP adapter of an application, and the modules that belong to it. */
interface TestServer {
  readonly adapter: ExpressAdapter;
  readonly server: readonly Type[];
}

/** The application in this process, with its own database. */
export interface TestApp {
  readonly app: NestExpressApplication;
  readonly url: string;
  /** A new client without a cookie. */
  client(): Client;
  close(): Promise<void>;
}

/**
 * Starts the app on a free port and waits until it is ready.
 *
 * @param variables override the settings of tests
 * @param controllers of a test, in addition to the application's
 * @param providers a test's own
 * @param server the server under the application; the accelerated one unless given
 */
export async function startTestApp(
  variables: Variables = {},
  controllers: Type[] = [],
  providers: Provider[] = [],
  { adapter, server }: Partial<TestServer> = {},
): Promise<TestApp> {
  const directory = await mkdtemp(join(tmpdir(), 'barista-test-'));
  const defaults = {
    NODE_ENV: 'test',
    PORT: '0',
    LOG_LEVEL: 'silent',
    DATABASE_URL: `sqlite:${join(directory, 'barista.db')}`,
  };
  const settings = { ...defaults, ...variables };
  const root = { ...AppModule.forRoot(settings, server), controllers, providers };
  const app = configureApp(await createApp(settings, root, adapter));
  await listen(app);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url);
  return {
    app,
    url,
    client: () => new Client(url),
    close: async () => {
      await app.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Resolves when `/health/ready` answers 200. */
export async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const response = await fetch(`${url}/health/ready`);
    if (response.ok) return;
    if (Date.now() > deadline) throw new Error(`Not ready after 20 s: ${await response.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
