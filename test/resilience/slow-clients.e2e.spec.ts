import { ServerSettings } from '../../src/platform/server/index.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { RawConnection } from '../support/raw-http.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const HOST = 'Host: cafe.example';
const SLOW_CLIENTS = 500;

describe('slow clients', () => {
  describe('with short timeouts', () => {
    let app: ProcessApp;

    beforeAll(async () => {
      app = await ProcessApp.start({
        HEADERS_TIMEOUT_MS: '500',
        REQUEST_TIMEOUT_MS: '1000',
        ANSWER_TIMEOUT_MS: '1500',
        KEEP_ALIVE_MS: '500',
      });
    });

    afterAll(killLeftovers);

    function expectTimeout(connection: RawConnection): void {
      expect(connection.statuses).toEqual([408]);
      expect(connection.problem).toMatchObject({ status: 408, code: 'request.timeout', title: 'Request Timeout' });
    }

    it('get 408 and are disconnected when they send nothing', async () => {
      const connection = await RawConnection.open(app.url);
      await connection.closed();
      expectTimeout(connection);
    });

    it('get 408 and are disconnected when they send headers byte by byte', async () => {
      const connection = await RawConnection.open(app.url);
      await connection.drip(`GET /health/live?slow=headers HTTP/1.1\r\n${HOST}\r\nX-Long: ${'a'.repeat(1_000)}`, 20);
      await connection.closed();
      expectTimeout(connection);
      expect(app.lines).not.toContainEqual(expect.objectContaining({ path: '/health/live?slow=headers' }));
    });

    it('get 408 and are disconnected when they send a second request byte by byte', async () => {
      const connection = await RawConnection.open(app.url);
      connection.send(`GET /health/live HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await connection.waitForStatuses(1);
      await connection.drip(`GET /health/live HTTP/1.1\r\n${HOST}\r\nX-Long: ${'a'.repeat(1_000)}`, 20);
      await connection.closed();
      expect(connection.statuses).toEqual([200, 408]);
    });

    it.each(['/auth/signup', '/predict', '/v2/models/iris/infer'])(
      'get 408, are disconnected and are logged when they send a body to %s byte by byte',
      async (path) => {
        const connection = await RawConnection.open(app.url);
        connection.send(
          `POST ${path} HTTP/1.1\r\n${HOST}\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n`,
        );
        await connection.drip(' '.repeat(9_000), 20);
        await connection.closed();
        expect(connection.statuses).toEqual([408]);
        const logged = expect.objectContaining({ msg: 'request', path, status: 408 });
        await until('it is logged', () => app.lines.some((line) => logged.asymmetricMatch(line)));
      },
    );

    it('get 408 and are disconnected when they send chunks byte by byte', async () => {
      const connection = await RawConnection.open(app.url);
      const headers = `${HOST}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked`;
      connection.send(`POST /auth/signup HTTP/1.1\r\n${headers}\r\n\r\n`);
      await connection.drip('1\r\n \r\n'.repeat(1_000), 10);
      await connection.closed();
      expectTimeout(connection);
    });

    it('are disconnected when they ignore the 408', async () => {
      const connection = await RawConnection.open(app.url);
      connection.socket.allowHalfOpen = true;
      connection.send('GET ');
      await connection.waitForStatuses(1);
      await connection.drip(`/health/live HTTP/1.1\r\n${HOST}\r\n${'X-A: b\r\n'.repeat(10_000)}`, 5);
      await connection.closed();
      expectTimeout(connection);
    });

    it('are disconnected when they send no further request', async () => {
      const connection = await RawConnection.open(app.url);
      connection.send(`GET /health/live HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await connection.closed();
      expect(connection.statuses).toEqual([200]);
    });

    it('are disconnected when they do not read the responses', async () => {
      const connection = await RawConnection.open(app.url);
      connection.socket.pause();
      connection.send(`GET /openapi.json HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(200));
      const gone = (): boolean => app.lines.some(({ path, status }) => path === '/openapi.json' && status === 499);
      await until('the response is aborted', gone);
      connection.socket.resume();
      await connection.closed();
      expect(connection.statuses.length).toBeLessThan(200);
    });

    it('get every response when they read slowly but steadily', async () => {
      const connection = await RawConnection.open(app.url);
      const { socket } = connection;
      const pipelined = 150;
      socket.on('data', () => {
        socket.pause();
        setTimeout(() => socket.resume(), 5);
      });
      connection.send(`GET /openapi.json HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(pipelined - 1));
      connection.send(`GET /openapi.json HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`);
      await connection.closed(20_000);
      expect(connection.statuses).toEqual(Array(pipelined).fill(200));
    });
  });

  describe(`${SLOW_CLIENTS} at once`, () => {
    afterEach(killLeftovers);

    it('do not delay other clients', async () => {
      const app = await ProcessApp.start();
      const slow = await Promise.all(Array.from({ length: SLOW_CLIENTS }, () => RawConnection.open(app.url)));
      slow.forEach((connection, index) => {
        if (index % 3 === 0) connection.send(`GET /menus HTTP/1.1\r\n${HOST}\r\nX-Slow: `);
        const headers = `${HOST}\r\nContent-Type: application/json\r\nContent-Length: 99999`;
        if (index % 3 === 1) connection.send(`POST /auth/signup HTTP/1.1\r\n${headers}\r\n\r\n{`);
      });
      const client = app.client();
      await client.signUpAndLogIn();
      const responses = await Promise.all(
        Array.from({ length: 100 }, () => client.post('/menus', { name: 'a', price: 1 })),
      );
      expect(responses.filter(({ status }) => status !== 201)).toEqual([]);
      expect(slow.filter(({ isClosed }) => isClosed)).toEqual([]);
      slow.forEach((connection) => connection.end());
    });

    it('are disconnected beyond CONNECTION_CAPACITY, while the others are served', async () => {
      const app = await ProcessApp.start({ CONNECTION_CAPACITY: '20' });
      const first = await RawConnection.open(app.url);
      const others = await Promise.all(Array.from({ length: 40 }, () => RawConnection.open(app.url)));
      await until('some are closed', () => others.filter(({ isClosed }) => isClosed).length === 21);
      first.send(`GET /health/live HTTP/1.1\r\n${HOST}\r\n\r\n`);
      expect(await first.waitForStatuses(1)).toEqual([200]);
      expect(app.lines.filter(({ msg }) => msg.startsWith('connections are refused'))).toHaveLength(1);
      [first, ...others].forEach((connection) => connection.end());
    });
  });

  it('have 10 s for the headers and 30 s for a request by default', async () => {
    const app = await startTestApp();
    expect(app.app.get(ServerSettings).timeout).toEqual({ headersMs: 10_000, requestMs: 30_000, answerMs: 30_000 });
    expect(app.app.getHttpServer()).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
    });
    await app.close();
  });

  it('cannot be given more time for the headers than for the request', async () => {
    const { stderr, code } = await (
      await ProcessApp.spawn({ HEADERS_TIMEOUT_MS: '5000', REQUEST_TIMEOUT_MS: '4000' })
    ).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('HEADERS_TIMEOUT_MS: expected a whole number from 100 to 4000, got "5000"');
  });
});
