import type { Client } from '../../support/client.js';
import { TestModelStore } from '../../support/model-store.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';
import { ModelStore } from '../../../src/serving/repository/model-store.js';

/** Iterations of the loop in `spin.onnx`: more than any test waits for. */
const FOR_EVER = 1_000_000_000_000;
const DEADLINE_MS = 700;

describe('POST /models/{name}/predict of a failing model', () => {
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

  async function isServing(): Promise<boolean> {
    return (await client.post('/models/spin/predict', { turns: 1 })).status === 200;
  }

  it('answers 422 without the message of ONNX Runtime when the model cannot compute a row, and serves the next request', async () => {
    const { status, body, text } = await client.post('/models/pick/predict', { index: 99 });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'model.input-rejected' });
    expect(text).not.toMatch(/gather|onnx|indices|node|picked/i);
    expect((await client.post('/models/pick/predict', { index: 2 })).body.predictions).toEqual([{ value: 30 }]);
  });

  it('answers 504 past the deadline, restarts the runtime, and leaves other models alone', async () => {
    const before = version('spin')?.pid;
    const stuck = client.post('/models/spin/predict', { turns: FOR_EVER });
    const behind = client.post('/models/spin/predict', { turns: 1 });
    expect((await client.post('/models/pick/predict', { index: 0 })).status).toBe(200);
    expect(await stuck).toMatchObject({ status: 504, body: { code: 'model.deadline' } });
    expect([200, 503, 504]).toContain((await behind).status);
    await until('the runtime has restarted', isServing);
    expect(version('spin')?.pid).not.toBe(before);
  });

  it('answers 503 once when the process is killed during a run, and then restarts it', async () => {
    const stuck = client.post('/models/spin/predict', { turns: FOR_EVER });
    await until('the run has started', () => version('spin')?.load.running === 1);
    process.kill(version('spin')!.pid!, 'SIGKILL');
    const response = await stuck;
    expect(response).toMatchObject({ status: 503, body: { code: 'model.runtime-died' } });
    expect(response.headers.get('retry-after')).toBe('1');
    await until('the runtime has restarted', isServing);
  });

  it('does not delay other models during a long run', async () => {
    const stuck = client.post('/models/spin/predict', { turns: FOR_EVER });
    const others = await Promise.all(
      Array.from({ length: 20 }, () => client.post('/models/pick/predict', { index: 1 })),
    );
    expect(others.every(({ status }) => status === 200)).toBe(true);
    expect((await stuck).status).toBe(504);
  });

  it('answers only the current runs with 503 when the process is killed under load, and restarts it within 2 s', async () => {
    const statuses: number[] = [];
    let isOver = false;
    const callers = Array.from({ length: 16 }, async () => {
      while (!isOver) statuses.push((await client.post('/models/pick/predict', { index: 1 })).status);
    });
    await until('it is under load', () => statuses.length > 100);
    const killed = version('pick')!.pid!;
    process.kill(killed, 'SIGKILL');
    await until(
      'the runtime has restarted',
      () => version('pick')?.pid !== killed && version('pick')?.state === 'ready',
      2_000,
    );
    const before = statuses.length;
    await until('it responds again', () => statuses.slice(before).filter((status) => status === 200).length > 100);
    isOver = true;
    await Promise.all(callers);
    // 504 for requests that waited for the restart past their deadline.
    expect(statuses.filter((status) => ![200, 503, 504].includes(status))).toEqual([]);
    expect(statuses).toContain(503);
  });

  it('does not fall back to another version while the chosen default restarts', async () => {
    const features = [{ name: 'a' }, { name: 'b' }];
    await store.add('two', 'sum', { version: 1 });
    await store.add('two', 'difference', { version: 2, manifest: { features, output: { value: 'sum' } } });
    await until('both are ready', async () => {
      const { body } = await client.get('/models/two');
      return body.versions?.every(({ state }: { state: string }) => state === 'ready') && body.versions.length === 2;
    });
    const model = app.app.get(ModelStore).get('two');
    await app.app.get(ModelStore).choose(model, '1');
    process.kill(model.version('1').pid!, 'SIGKILL');
    await until('its end has been noticed', () => model.version('1').state === 'loading');
    const seen = new Set<string>();
    await until('the runtime has restarted', async () => {
      const { status, body } = await client.post('/models/two/predict', { a: 1, b: 2 });
      seen.add(status === 200 ? `200 by ${body.version}` : String(status));
      return status === 200;
    });
    expect([...seen].sort()).toEqual(['200 by 1', '503']);
  });
});

describe('POST /models/{name}/predict over a limit', () => {
  let store: TestModelStore;
  let app: TestApp;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('bare', 'ragged');
    const limits = { PREDICT_MAX_ELEMENTS: '20', PREDICT_MAX_ROWS: '3' };
    app = await startTestApp({ MODELS_DIR: store.path, ...limits });
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  it.each([
    ['values', [{ grid: [Array.from({ length: 30 }, () => 1)], mask: [1] }], 'predict.too-many-elements', '20'],
    ['rows', Array.from({ length: 4 }, () => ({ grid: [[1]], mask: [1] })), 'predict.too-many-rows', '3'],
  ])('refuses too many %s and names the limit', async (_, instances, code, limit) => {
    const { status, body } = await app.client().post('/models/bare/predict', { instances });
    expect({ status, code: body.code }).toEqual({ status: 413, code });
    expect(body.detail).toContain(limit);
  });
});
