import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { KeepAliveLoad } from '../support/keep-alive-load.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ROOT } from '../support/project.js';
import { until } from '../support/until.js';

describe('the application process', () => {
  afterEach(killLeftovers);

  describe('at start-up', () => {
    let directory: string;

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'barista-lifecycle-'));
    });

    afterAll(() => rm(directory, { recursive: true }));

    it('listens on a free port, logs its URL, and becomes ready', async () => {
      const app = await ProcessApp.start({ PORT: '0' });
      expect(app.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
      const messages = app.lines.map(({ msg }) => msg);
      expect(messages.indexOf('listening')).toBeLessThan(messages.indexOf('ready'));
      expect(messages.filter((msg) => msg === 'listening' || msg === 'ready')).toHaveLength(2);
      const { status } = await app.client().get('/health/ready');
      expect(status).toBe(200);
      await app.stop();
    });

    it('exits with code 1 and names every invalid setting', async () => {
      const wrong = { PORT: 'espresso', NODE_ENV: 'prod', DATABASE_URL: 'mysql://db/barista', SHUTDOWN_GRACE_MS: '-1' };
      const { code, lines, stderr } = await (await ProcessApp.spawn(wrong)).ended;
      expect(code).toBe(1);
      for (const name of Object.keys(wrong)) expect(stderr).toMatch(new RegExp(`^ *${name}: expected .+`, 'm'));
      expect(stderr).not.toContain('    at ');
      expect(lines.map(({ msg }) => msg)).not.toContain('listening');
    });

    it('exits with code 1 and names the port that is in use', async () => {
      const first = await ProcessApp.start();
      const { port } = new URL(first.url);
      const { code, stderr } = await (await ProcessApp.spawn({ PORT: port })).ended;
      expect(code).toBe(1);
      expect(stderr).toContain(port);
      await first.stop();
    });

    it('keeps acknowledged writes after SIGKILL', async () => {
      const databaseUrl = `sqlite:${join(directory, 'kept.db')}`;
      const killed = await ProcessApp.start({}, { databaseUrl });
      const member = { email: 'ada@cafe.example', password: 'a cup of good coffee' };
      const { status } = await killed.client().post('/auth/signup', member);
      expect(status).toBe(201);
      const { signal } = await killed.stop('SIGKILL');
      expect(signal).toBe('SIGKILL');

      const restarted = await ProcessApp.start({}, { databaseUrl });
      const login = await restarted.client().post('/auth/login', member);
      expect(login.status).toBe(200);
      await restarted.stop();
    });
  });

  describe('at shutdown', () => {
    it.each(['SIGTERM', 'SIGINT'] as const)(
      'exits with code 0 on %s, with `stopped` as its last log line',
      async (signal) => {
        const app = await ProcessApp.start();
        const ended = await app.stop(signal);
        expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
        expect(ended.lines.at(-1)).toMatchObject({ msg: 'stopped' });
      },
    );

    it.each([
      ['a shell that execs node', ['sh', '-c', `exec "${process.execPath}" "${ROOT}dist/bundle/main.js"`]],
      ['npm start', ['npm', 'start', '--silent']],
    ] as const)('ends with code 0 when SIGTERM goes to %s', async (_, command) => {
      const app = await ProcessApp.start({}, { command: [...command], cwd: ROOT });
      const { code, lines } = await app.stop();
      expect(code).toBe(0);
      expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
    });

    it('responds to a half-sent request with Connection: close, and logs it', async () => {
      const app = await ProcessApp.start();
      const body = JSON.stringify({ email: 'slow@cafe.example', password: 'sent in two halves' });
      const sender = await startPost(app.url, '/auth/signup', body.length);
      sender.socket.write(body.slice(0, 10));

      app.signal('SIGTERM');
      await until('the port is closed', () => isRefused(app.url));
      sender.socket.write(body.slice(10));

      const response = await sender.response;
      expect(response).toMatch(/^HTTP\/1\.1 201 /m);
      expect(response).toMatch(/^Connection: close\r$/im);
      const { code, lines } = await app.ended;
      expect(code).toBe(0);
      expect(lines.filter(({ msg }) => msg === 'request')).toEqual([
        expect.objectContaining({ method: 'POST', path: '/auth/signup', status: 201 }),
      ]);
    });

    it('aborts an incomplete request after SHUTDOWN_GRACE_MS', async () => {
      const app = await ProcessApp.start({ SHUTDOWN_GRACE_MS: '300' });
      const sender = await startPost(app.url, '/auth/signup', 100);
      const { code, lines } = await app.stop();
      expect(code).toBe(0);
      expect(await sender.response).not.toMatch(/^HTTP\/1\.1 2\d\d /m);
      expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
    });

    it('fails no request of 40 keep-alive clients', async () => {
      const app = await ProcessApp.start();
      const load = new KeepAliveLoad(app.url, 40, () => ({ path: '/health/live' }));
      await until('the load is under way', () => load.responses.length >= 1_000);
      const { code, lines } = await app.stop();
      await load.over;

      expect(code).toBe(0);
      expect(load.failures).toEqual([]);
      expect(load.responses.filter(({ status }) => status !== 200)).toEqual([]);
      expect(load.responses.filter(({ closes }) => closes)).not.toHaveLength(0);
      const logged = new Set(lines.filter(({ msg }) => msg === 'request').map(({ requestId }) => requestId));
      expect(load.responses.filter(({ requestId }) => !logged.has(requestId))).toEqual([]);
    });

    it('keeps serving for SHUTDOWN_DELAY_MS while it reports not ready', async () => {
      const app = await ProcessApp.start({ SHUTDOWN_DELAY_MS: '1000' });
      const client = app.client();
      const signalled = Date.now();
      app.signal('SIGTERM');
      await until('not ready', async () => (await client.get('/health/ready')).status === 503);

      const ready = await client.get('/health/ready');
      expect(ready.body).toMatchObject({ status: 'error', details: { server: 'stopping' } });
      const live = await client.get('/health/live');
      expect(live.status).toBe(200);
      expect(live.headers.get('connection')).not.toBe('close');
      const { code } = await app.ended;
      expect(code).toBe(0);
      expect(Date.now() - signalled).toBeGreaterThanOrEqual(1_000);
    });
  });
});

/** Sends the head of a POST. Resolves with `100 Continue`, when the server has started to handle it. */
async function startPost(
  url: string,
  path: string,
  length: number,
): Promise<{ socket: Socket; response: Promise<string> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  let received = '';
  socket.on('data', (text: string) => (received += text));
  const response = once(socket, 'close').then(() => received);
  const head = ['Host: cafe.example', 'Content-Type: application/json', `Content-Length: ${length}`];
  socket.write([`POST ${path} HTTP/1.1`, ...head, 'Expect: 100-continue', '', ''].join('\r\n'));
  await until('the server takes up the request', () => received.startsWith('HTTP/1.1 100 '));
  return { socket, response };
}

function isRefused(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
    socket.unref();
    socket.once('connect', () => socket.destroy());
  });
}
