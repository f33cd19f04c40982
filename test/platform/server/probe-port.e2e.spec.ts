import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Client } from '../../support/client.js';
import { killLeftovers, ProcessApp } from '../../support/process-app.js';
import { until } from '../../support/until.js';

/** Number of clients that connect at the same time. */
const BURST_SIZE = 500;

describe('PROBE_PORT', () => {
  afterEach(killLeftovers);

  it('opens a second port that serves only health probes', async () => {
    const app = await ProcessApp.start({ PROBE_PORT: '0' });
    const probes = probeClient(app);
    expect(probes.url).not.toBe(app.url);

    expect(await probes.get('/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await probes.get('/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await probes.get('/v2/health/live')).toMatchObject({ status: 200, body: { live: true } });
    expect(await probes.get('/v2/health/ready')).toMatchObject({ status: 200, body: { ready: true } });
    expect(await probes.post('/health/live')).toMatchObject({ status: 405 });

    for (const path of [
      '/',
      '/menus',
      '/metrics',
      '/docs',
      '/openapi.json',
      '/v2',
      '/v2/models',
      '/healthy',
      '/HEALTH',
    ]) {
      const { status, headers } = await probes.get(path);
      expect({ path, status }).toEqual({ path, status: 404 });
      expect(headers.get('x-request-id')).toEqual(expect.any(String));
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect(await probes.get('/menus')).toMatchObject({ status: 404, body: { code: 'route.not-found' } });
    const credentials = { email: 'ada@cafe.example', password: 'a cup of coffee' };
    expect(await probes.post('/auth/signup', credentials)).toMatchObject({ status: 404 });
    expect(await app.client().get('/menus')).toMatchObject({ status: 200 });
    expect(await app.client().get('/health/live')).toMatchObject({ status: 200 });

    const { lines } = await app.stop();
    const requests = [
      { path: '/health/live', status: 200 },
      { path: '/menus', status: 404 },
      { path: '/auth/signup', status: 404 },
      { path: '/menus', status: 200 },
    ].map((request) => expect.objectContaining({ msg: 'request', ...request }) as unknown);
    expect(lines).toEqual(expect.arrayContaining(requests));
  });

  it('opens no second port unless it is set', async () => {
    const app = await ProcessApp.start();
    expect(app.lines.find(({ msg }) => msg === 'listening')).not.toHaveProperty('probeUrl');
    await app.stop();
  });

  it('is named in the error when its port is in use or not a number', async () => {
    const first = await ProcessApp.start({ PROBE_PORT: '0' });
    const { port } = new URL(probeUrl(first));
    const taken = await (await ProcessApp.spawn({ PROBE_PORT: port })).ended;
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining(`PROBE_PORT: ${port} is in use`) });
    const wrong = await (await ProcessApp.spawn({ PROBE_PORT: 'health' })).ended;
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('PROBE_PORT: expected a whole number') });
    await first.stop();
  });

  it('answers a probe before a burst of earlier connections to the main port', async () => {
    const app = await ProcessApp.start({ PROBE_PORT: '0' });
    const order: string[] = [];
    const burst = Array.from({ length: BURST_SIZE }, () => ask(app.url, '/menus'));
    const last = ask(app.url, '/health/live').once('data', () => order.push('the last of the burst'));
    const probe = ask(probeUrl(app), '/health/live').once('data', () => order.push('the probe'));
    await until('both are answered', () => order.length === 2);
    for (const socket of [...burst, last, probe]) socket.destroy();
    expect(order).toEqual(['the probe', 'the last of the burst']);
    await app.stop();
  });

  it('has the same limits as the main port', async () => {
    const app = await ProcessApp.start({ PROBE_PORT: '0', HEADERS_TIMEOUT_MS: '200' });
    const slow = open(probeUrl(app));
    slow.write('GET /health/live HTTP/1.1\r\nHost: ');
    const [late] = (await once(slow, 'data')) as [Buffer];
    expect(late.toString()).toMatch(/^HTTP\/1\.1 408 /);
    await once(slow, 'close');
    const garbled = open(probeUrl(app));
    garbled.write('GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
    const [refused] = (await once(garbled, 'data')) as [Buffer];
    expect(refused.toString()).toMatch(/^HTTP\/1\.1 400 /);
    await app.stop();
  });

  it('reports that the process is stopping, then closes with the main port, and does not delay the stop', async () => {
    const app = await ProcessApp.start({ PROBE_PORT: '0', SHUTDOWN_DELAY_MS: '300', SHUTDOWN_GRACE_MS: '60000' });
    const probes = probeClient(app);
    // The keep-alive connection stays open.
    const idle = ask(probeUrl(app), '/health/live');
    await once(idle, 'data');
    const half = open(app.url);
    half.write('POST /auth/login HTTP/1.1\r\nHost: cafe\r\nContent-Length: 2\r\nExpect: 100-continue\r\n');
    half.write('Content-Type: application/json\r\n\r\n');
    await once(half, 'data');

    app.signal('SIGTERM');
    await until('readiness says so', async () => (await probes.get('/health/ready')).status === 503);
    expect(await probes.get('/health/live')).toMatchObject({ status: 200 });
    // The unfinished request may still complete.
    await until('the port is closed', () => isRefused(probeUrl(app)));
    half.write('{}');
    await Promise.all([once(half, 'close'), once(idle, 'close')]);
    const { code, lines } = await app.ended;
    expect({ code, last: lines.at(-1)?.msg }).toEqual({ code: 0, last: 'stopped' });
  });
});

function probeUrl(app: ProcessApp): string {
  return String(app.lines.find(({ msg }) => msg === 'listening')?.probeUrl);
}

function probeClient(app: ProcessApp): Client {
  return new Client(probeUrl(app));
}

function ask(url: string, path: string): Socket {
  const socket = open(url);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: cafe\r\n\r\n`);
  return socket;
}

function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  // The end of the process may reset the socket.
  return connect(Number(port), hostname).on('error', () => undefined);
}

function isRefused(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
      .once('connect', () => {
        resolve(false);
        socket.destroy();
      })
      .once('error', () => resolve(true));
  });
}
