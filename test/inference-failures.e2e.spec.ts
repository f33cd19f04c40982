import type { Client } from './support/client.js';
import { TestModelStore } from './support/model-store.js';
import { startTestApp, type TestApp } from './support/test-app.js';
import { until } from './support/until.js';
import { ModelStore } from '../src/inference/store/model-store.js';

/** Turns of the loop in `spin.onnx`: for ever, as far as any test is concerned. */
const FOR_EVER = 1_000_000_000_000;
const DEADLINE_MS = 700;

describe('a model that fails', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('spin', 'spin', { manifest: { example: { input: { turns: 3 } } } });
    await store.add('pick', 'pick', { manifest: { features: [{ name: 'index' }], output: { value: 'picked' } } });
    app = await startTestApp({ MODELS_DIR: store.path, DEADLINE_MS: String(DEADLINE_MS) });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  function version(model: string) {
    return app.app.get(ModelStore).get(model).versions[0];
  }

  async function isBack(): Promise<boolean> {
    return (await client.post('/models/spin/predict', { turns: 1 })).status === 200;
  }

  it('on a valid row says so, without the words of ONNX Runtime, and goes on', async () => {
    const { status, body, text } = await client.post('/models/pick/predict', { index: 99 });
    expect({ status, code: body.code }).toEqual({ status: 500, code: 'model.run-failed' });
    expect(text).not.toMatch(/gather|onnx|indices|node|picked/i);
    expect((await client.post('/models/pick/predict', { index: 2 })).body.predictions).toEqual([{ value: 30 }]);
  });

  it('past its deadline is ended; its callers get 504, other models nothing of it, and it comes back', async () => {
    const before = version('spin')?.pid;
    const stuck = client.post('/models/spin/predict', { turns: FOR_EVER });
    const behind = client.post('/models/spin/predict', { turns: 1 });
    expect((await client.post('/models/pick/predict', { index: 0 })).status).toBe(200);
    expect(await stuck).toMatchObject({ status: 504, body: { code: 'model.deadline' } });
    expect([200, 503, 504]).toContain((await behind).status);
    await until('it is back', isBack);
    expect(version('spin')?.pid).not.toBe(before);
  });

  it('whose process is killed during a run answers 503 once, and is back', async () => {
    const stuck = client.post('/models/spin/predict', { turns: FOR_EVER });
    await until('it runs', () => version('spin')?.load.running === 1);
    process.kill(version('spin')!.pid!, 'SIGKILL');
    const answer = await stuck;
    expect(answer).toMatchObject({ status: 503, body: { code: 'model.runtime-died' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    await until('it is back', isBack);
  });

  it('makes nobody else wait while it runs', async () => {
    const stuck = client.post('/models/spin/predict', { turns: FOR_EVER });
    const others = await Promise.all(
      Array.from({ length: 20 }, () => client.post('/models/pick/predict', { index: 1 })),
    );
    expect(others.every(({ status }) => status === 200)).toBe(true);
    expect((await stuck).status).toBe(504);
  });
});
