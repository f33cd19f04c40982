import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KeepAliveLoad, type LoadRequest } from '../support/keep-alive-load.js';
import { TestModelStore } from '../support/model-store.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ROOT } from '../support/project.js';
import { until } from '../support/until.js';

const isLong = process.env.RELIABILITY === 'long';
const ROUNDS = isLong ? 50 : 3;
const CLIENTS = 40;
const TIMEOUT_MS = isLong ? 1_800_000 : 120_000;
const ROW = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };

describe('a shutdown under load', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barista-shutdown-'));
  });

  afterEach(killLeftovers);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(
    `fails no request of ${CLIENTS} keep-alive clients in ${ROUNDS} rounds, and keeps every acknowledged write`,
    async () => {
      const databaseUrl = `sqlite:${join(folder, 'barista.db')}`;
      const created: string[] = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        const app = await ProcessApp.start({}, { databaseUrl });
        const client = app.client();
        await client.signUpAndLogIn();
        const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const load = new KeepAliveLoad(app.url, CLIENTS, (number) => mixed(number, round, cookie));
        // Each round stops at another moment of the load.
        await until('the load is under way', () => load.responses.length >= 200 + 37 * round);
        const { code, signal, stderr, lines } = await app.stop();
        await load.over;

        expect(load.failures).toEqual([]);
        expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
        expect(load.responses.filter(({ status }) => status !== 200 && status !== 201)).toEqual([]);
        expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
        const logged = new Set(lines.filter(({ msg }) => msg === 'request').map(({ requestId }) => requestId));
        expect(load.responses.filter(({ requestId }) => !logged.has(requestId))).toEqual([]);
        for (const { request, status } of load.responses) {
          if (status === 201) created.push((request.json as { name: string }).name);
        }
      }

      const restarted = await ProcessApp.start({}, { databaseUrl });
      const kept = new Set(await menuNames(restarted));
      expect(created.length).toBeGreaterThan(ROUNDS);
      expect(created.filter((name) => !kept.has(name))).toEqual([]);
      await restarted.stop();
    },
    TIMEOUT_MS,
  );
});

describe('a shutdown with a stuck request', () => {
  let store: TestModelStore;
  /** A prediction that never ends. */
  const stuck = { path: '/models/spin/predict', body: { turns: 1_000_000_000_000 } };

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: 3 } } } });
  });

  afterEach(killLeftovers);
  afterAll(() => store.remove());

  async function startStuck(graceMs: string): Promise<{ app: ProcessApp; response: Promise<string> }> {
    const app = await ProcessApp.start({
      MODELS_DIR: store.path,
      DEADLINE_MS: '600000',
      SHUTDOWN_GRACE_MS: graceMs,
    });
    const response = app
      .client()
      .post(stuck.path, stuck.body)
      .then(
        () => 'answered',
        () => 'cut off',
      );
    await until('the model runs', async () => {
      const { text } = await app.client().get('/metrics');
      return /^model_requests_in_flight\{[^}]*model="spin"[^}]*\} 1$/m.test(text);
    });
    return { app, response };
  }

  it('aborts the request after SHUTDOWN_GRACE_MS, exits with code 0, and writes the whole log', async () => {
    const { app, response } = await startStuck('300');
    const { code, signal, stderr, lines } = await app.stop();
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'request', path: stuck.path, status: 499 }));
    expect(await response).toBe('cut off');
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('exits at once on a second signal, with the exit code of %s', async (second, expected) => {
    const { app } = await startStuck('600000');
    app.signal('SIGTERM');
    await until('the port is closed', () =>
      app
        .client()
        .get('/health/live')
        .then(
          () => false,
          () => true,
        ),
    );
    // Under npm one Ctrl-C sends SIGINT twice, which counts as one signal.
    if (second === 'SIGINT') await delay(400);
    const { code, signal, lines } = await app.stop(second);
    expect({ code, signal }).toEqual({ code: expected, signal: null });
    expect(lines.map(({ msg }) => msg)).not.toContain('stopped');
  });
});

describe('a signal during start-up', () => {
  /** Reports when the process first listens for the signal. */
  const REPORT_LISTENER = `data:text/javascript,${encodeURIComponent(`
    import { writeSync } from 'node:fs';
    process.on('newListener', function tell(name) {
      if (name !== 'SIGTERM') return;
      process.off('newListener', tell);
      setImmediate(() => writeSync(1, JSON.stringify({ level: 'info', msg: 'hears' }) + '\\n'));
    });
  `)}`;
  const command = [process.execPath, '--import', REPORT_LISTENER, join(ROOT, 'dist/bundle/main.js')] as const;
  const moments = Array.from({ length: isLong ? 50 : 6 }, (_, index) => (isLong ? 20 * index : 100 * index));

  afterEach(killLeftovers);

  it.each(moments)(
    'exits with code 0, %i ms after the signal handler is installed',
    async (ms) => {
      const app = await ProcessApp.spawn({}, { command });
      await app.line('hears');
      await delay(ms);
      const { code, signal, stderr } = await app.stop();
      expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    },
    TIMEOUT_MS,
  );
});

/** A mix of reads, writes and predictions. */
function mixed(number: number, round: number, cookie: string): LoadRequest {
  const kind = number % 4;
  if (kind === 0) return { path: '/health/live' };
  if (kind === 1) return { path: '/menus?limit=5' };
  if (kind === 2) return { method: 'POST', path: '/predict', json: ROW };
  return { method: 'POST', path: '/menus', headers: { cookie }, json: { name: `r${round} n${number}`, price: number } };
}

async function menuNames(app: ProcessApp): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body } = await app.client().get(`/menus?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    names.push(...body.items.map(({ name }: { name: string }) => name));
    cursor = body.nextCursor;
  }
  return names;
}
