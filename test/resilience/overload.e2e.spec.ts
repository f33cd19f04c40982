import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { KeepAliveLoad } from '../support/keep-alive-load.js';
import { TestModelStore } from '../support/model-store.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { until } from '../support/until.js';

const HELD = 8;
/** Clients that connect in the same moment. */
const BURST_SIZE = 500;
const PATIENCE_MS = 120_000;

describe('overload', () => {
  let store: TestModelStore;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: 3 } } } });
  });

  afterEach(killLeftovers);
  afterAll(() => store.remove());

  it('beyond REQUEST_CAPACITY is refused with Retry-After, in the format of the path, while health answers', async () => {
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
    await until('there is no room', async () => (await client.get('/menus')).status === 503);

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
    'of the process is refused with Retry-After while health answers, and is over when the load is',
    async () => {
      const app = await ProcessApp.start({ OVERLOAD_MS: '10' });
      const load = new KeepAliveLoad(app.url, 100, () => ({ path: '/metrics' }));
      await until('some are refused', () => load.responses.some(({ status }) => status === 503), PATIENCE_MS);
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
    PATIENCE_MS,
  );

  it(
    'is not what 512 clients at full speed are',
    async () => {
      const app = await ProcessApp.start();
      const load = new KeepAliveLoad(app.url, 512, (number) => ({ path: number % 2 ? '/menus' : '/health/live' }));
      await until('the load is under way', () => load.responses.length >= 3_000, PATIENCE_MS);
      await load.end();
      expect(load.failures).toEqual([]);
      expect(load.responses.filter(({ status }) => status !== 200)).toEqual([]);
      await app.stop();
    },
    PATIENCE_MS,
  );

  it(
    'of those who are connected keeps nobody from connecting',
    async () => {
      const app = await ProcessApp.start();
      const burst = new Burst(app.url, BURST_SIZE);
      await until('all are answered', () => burst.answered.size === BURST_SIZE, PATIENCE_MS);
      burst.leave();

      // Some 2 for each; 57 where a turn of the event loop takes on one connection and answers all the others.
      expect(burst.answers).toBeLessThan(10 * BURST_SIZE);
      await app.stop();
    },
    PATIENCE_MS,
  );

  it(
    'by a burst of connections does not delay a later connection until the whole burst is answered',
    async () => {
      const app = await ProcessApp.start();
      const burst = new Burst(app.url, BURST_SIZE);
      const probe = connectTo(app.url);
      probe.write('GET /health/live HTTP/1.1\r\nHost: cafe\r\n\r\n');
      const [answer] = (await once(probe, 'data')) as [Buffer];
      const before = burst.answers;
      await until('all are answered', () => burst.answered.size === BURST_SIZE, PATIENCE_MS);
      burst.leave();
      probe.destroy();

      expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/);
      expect(before).toBeLessThan(BURST_SIZE / 2);
      await app.stop();
    },
    PATIENCE_MS,
  );
});

/** Clients that connect in the same moment, and ask again as soon as they are answered. */
class Burst {
  answers = 0;
  readonly answered = new Set<number>();
  private readonly sockets: Socket[];

  constructor(url: string, size: number) {
    this.sockets = Array.from({ length: size }, (_, client) => {
      const socket = connectTo(url)
        .on('connect', ask)
        .on('data', () => {
          this.answers += 1;
          this.answered.add(client);
          ask();
        });
      function ask(): void {
        socket.write('GET /menus HTTP/1.1\r\nHost: cafe\r\n\r\n');
      }
      return socket;
    });
  }

  leave(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

function connectTo(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}
