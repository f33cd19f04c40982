import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { KeepAliveLoad } from '../support/keep-alive-load.js';
import { TestModelStore } from '../support/model-store.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { until } from '../support/until.js';

const HELD = 8;
/** Number of clients that connect at the same time. */
const BURST = 500;
const TIMEOUT_MS = 120_000;

describe('overload', () => {
  let store: TestModelStore;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: 3 } } } });
  });

  afterEach(killLeftovers);
  afterAll(() => store.remove());

  it('rejects requests beyond REQUEST_CAPACITY with Retry-After in the format of the path, and serves health checks', async () => {
    const app = await ProcessApp.start({
      REQUEST_CAPACITY: String(HELD),
      MODELS_DIR: store.path,
      DEADLINE_MS: '600000',
      SHUTDOWN_GRACE_MS: '0',
    });
    const client = app.client();
    const held = Array.from({ length: HELD }, () =>
      client.post('/models/spin/predict', { turns: 1_000_000_000_000 }).catch(() => undefined),
    );
    await until('the capacity is used up', async () => (await client.get('/menus')).status === 503);

    const refused = await client.post('/auth/login', { email: 'ada@cafe.example', password: 'a cup of coffee' });
    expect(refused).toMatchObject({ status: 503, body: { code: 'server.overloaded' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    const protocol = await client.get('/v2/models/iris');
    expect(protocol.status).toBe(503);
    expect(protocol.body).toEqual({ error: expect.any(String) });
    for (const path of ['/health/live', '/health/ready', '/v2/health/live', '/v2/health/ready']) {
      expect(await client.get(path)).toMatchObject({ status: 200 });
    }
    expect(app.lines).toContainEqual(
      expect.objectContaining({ msg: 'overloaded: requests are refused', level: 'warn' }),
    );
    await app.stop();
    await Promise.all(held);
  });

  it(
    'sheds load with Retry-After while the event loop is busy, serves health checks, and recovers after the load',
    async () => {
      const app = await ProcessApp.start({ OVERLOAD_MS: '10' });
      const load = new KeepAliveLoad(app.url, 100, () => ({ path: '/metrics' }));
      await until('some are refused', () => load.responses.some(({ status }) => status === 503), TIMEOUT_MS);
      for (let probe = 0; probe < 5; probe += 1) {
        expect((await app.client().get('/health/live')).status).toBe(200);
      }
      await load.end();

      expect(load.failures).toEqual([]);
      const statuses = new Set(load.responses.map(({ status }) => status));
      expect([...statuses].sort()).toEqual([200, 503]);
      const refused = load.responses.filter(({ status }) => status === 503);
      expect(refused.filter(({ headers }) => headers['retry-after'] !== '1')).toEqual([]);
      expect((await app.client().get('/metrics')).status).toBe(200);
      await app.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'sheds no request of 512 clients at full speed',
    async () => {
      const app = await ProcessApp.start();
      const load = new KeepAliveLoad(app.url, 512, (number) => ({ path: number % 2 ? '/menus' : '/health/live' }));
      await until('the load is under way', () => load.responses.length >= 3_000, TIMEOUT_MS);
      await load.end();
      expect(load.failures).toEqual([]);
      expect(load.responses.filter(({ status }) => status !== 200)).toEqual([]);
      await app.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'accepts new connections while connected clients send at full speed',
    async () => {
      const app = await ProcessApp.start();
      const burst = new Burst(app.url, BURST);
      await until('all are served', () => burst.served.size === BURST, TIMEOUT_MS);
      burst.close();

      // About 2 responses per client; 57 if each turn of the event loop accepts one connection and serves all the others.
      expect(burst.responses).toBeLessThan(10 * BURST);
      await app.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'serves a client that connects after a burst before the whole burst is served',
    async () => {
      const app = await ProcessApp.start();
      const burst = new Burst(app.url, BURST);
      const probe = connectTo(app.url);
      probe.write('GET /health/live HTTP/1.1\r\nHost: cafe\r\n\r\n');
      const [response] = (await once(probe, 'data')) as [Buffer];
      const before = burst.responses;
      await until('all are served', () => burst.served.size === BURST, TIMEOUT_MS);
      burst.close();
      probe.destroy();

      expect(response.toString()).toMatch(/^HTTP\/1\.1 200/);
      expect(before).toBeLessThan(BURST / 2);
      await app.stop();
    },
    TIMEOUT_MS,
  );
});

/** Clients that connect at the same time and repeat their request after each response. */
class Burst {
  responses = 0;
  readonly served = new Set<number>();
  private readonly sockets: Socket[];

  constructor(url: string, size: number) {
    this.sockets = Array.from({ length: size }, (_, client) => {
      const socket = connectTo(url)
        .on('connect', sendRequest)
        .on('data', () => {
          this.responses += 1;
          this.served.add(client);
          sendRequest();
        });
      function sendRequest(): void {
        socket.write('GET /menus HTTP/1.1\r\nHost: cafe\r\n\r\n');
      }
      return socket;
    });
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

function connectTo(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}
