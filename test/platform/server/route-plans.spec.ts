import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { stablePrototypes } from '../../../src/platform/server/stable-prototypes.js';
import { RoutePlans } from '../../../src/platform/server/route-plans.js';

const say =
  (name: string) =>
  (request: Request, response: Response): void => {
    response.json({ name, params: request.params, query: request.query, route: request.route.path });
  };

describe('RoutePlans', () => {
  const app = express();
  let server: Server;
  let seen = 0;

  beforeAll(async () => {
    app.use((_, __, next) => {
      seen += 1;
      next();
    });
    app.get('/menus/:id', say('menu'));
    app.get('/menus/popular', say('shadowed by the route before'));
    app.get('/health/live', say('live'));
    app.post('/health/live', say('posted'));
    app.use('/guarded', (_, response) => {
      response.status(403).end();
    });
    app.get('/guarded/page', say('behind a guard'));
    app.get('/late', say('late'));
    app.get('/bare/:id', ({ params }, response) => {
      response.json({ hasPrototype: Object.getPrototypeOf(params) !== null });
    });
    server = createServer(stablePrototypes(app), new RoutePlans(app).listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  async function ask(path: string, method = 'GET') {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as object) : undefined };
  }

  it.each([
    ['/health/live', 'GET', { name: 'live', params: {}, query: {}, route: '/health/live' }],
    ['/health/live', 'POST', { name: 'posted', params: {}, query: {}, route: '/health/live' }],
    ['/health/live?a=1', 'GET', { name: 'live', params: {}, query: { a: '1' }, route: '/health/live' }],
    ['/Health/LIVE/', 'GET', { name: 'live', params: {}, query: {}, route: '/health/live' }],
    ['/menus/7', 'GET', { name: 'menu', params: { id: '7' }, query: {}, route: '/menus/:id' }],
    ['/menus/popular', 'GET', { name: 'menu', params: { id: 'popular' }, query: {}, route: '/menus/:id' }],
    ['/bare/7', 'GET', { hasPrototype: false }],
    ['/late', 'GET', { name: 'late', params: {}, query: {}, route: '/late' }],
  ])('runs the handlers of %s (%s) as the router does', async (path, method, body) => {
    const before = seen;
    expect(await ask(path, method)).toEqual({ status: 200, body });
    expect(seen).toBe(before + 1);
  });

  it.each([
    ['/guarded/page', 'GET', 403],
    ['/health/live', 'DELETE', 404],
    ['/health/live', 'HEAD', 200],
    ['/nowhere', 'GET', 404],
  ])('delegates %s (%s) to the router', async (path, method, status) => {
    expect((await ask(path, method)).status).toBe(status);
  });
});
