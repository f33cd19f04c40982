import { ModelStore } from '../../src/serving/repository/model-store.js';
import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const CELLS_OF_100_GB = 27_000_000_000;
const MEMORY_MB = 200;

describe('Models from other publishers', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    for (const name of ['half', 'recurrent', 'wide']) await store.add(name, name);
    await store.add('dense', 'dense', { manifest: { batching: { maxWaitMs: 50 } } });
    const example = { input: { cells: 1, values: 1 } };
    await store.add('hungry', 'hungry', { manifest: { example, runtime: { memoryMb: MEMORY_MB } } });
    const batching = { maxBatchSize: 64, force: true };
    await store.add('forced', 'centre', { manifest: { batching } });
    await store.add('cached', 'spin', { manifest: { example: { input: { turns: 3 } }, cache: { maxEntries: 10 } } });
    app = await startTestApp({ MODELS_DIR: store.path, ANSWER_MAX_ELEMENTS: '5000' });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  async function metric(name: string, labels: string): Promise<number> {
    const { text } = await client.get('/metrics');
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name}{${labels}} `))
        ?.split(' ')
        .at(-1) ?? 0,
    );
  }

  it('serves inputs and outputs of half precision', async () => {
    const { body } = await client.post('/models/half/predict', { x: [0.1, -30_000] });
    // The nearest half-precision value of 0.1 is 0.0999755859375.
    expect(body.predictions).toEqual([{ doubled: [0.199951171875, -60_000] }]);
    const { status, body: refused } = await client.post('/models/half/predict', { x: [1, 65_505] });
    expect({ status, location: refused.errors[0].location }).toEqual({ status: 422, location: ['body', 'x', 1] });
  });

  it('serves recurrent models whose state has no batch dimension, with inputs of variable length', async () => {
    const state = [[[1, 2]], [[3, 4]]];
    const first = await client.post('/models/recurrent/predict', { sound: [8, 8], state, rate: 4 });
    expect(first.body.predictions).toEqual([{ speech: 4, state_out: [[[2, 3]], [[4, 5]]] }]);
    const instances = [
      { sound: [1, 2, 3, 4, 6], state, rate: 8 },
      { sound: [4], state, rate: 1 },
    ];
    const { body } = await client.post('/models/recurrent/predict', { instances });
    expect(body.predictions).toMatchObject([{ speech: 2 }, { speech: 4 }]);
    const { body: model } = await client.get('/models/recurrent');
    expect(model.batching).toEqual({
      enabled: false,
      reason: '"state" does not begin with the symbolic dimension that counts rows',
    });
    const two = [
      [
        [1, 2],
        [1, 2],
      ],
      [
        [3, 4],
        [3, 4],
      ],
    ];
    expect((await client.post('/models/recurrent/predict', { sound: [1], state: two, rate: 1 })).status).toBe(422);
  });

  it('serves a thousand outputs', async () => {
    const x = Array.from({ length: 1_000 }, (_, index) => index);
    const { body } = await client.post('/models/wide/predict', { x });
    expect(Object.keys(body.predictions[0])).toHaveLength(1_000);
    expect(body.predictions[0]).toMatchObject({ part_0: 0, part_999: 999 });
  });

  it('limits the memory of a runtime to the manifest’s, and fails only requests to that model', async () => {
    const { pid } = app.app.get(ModelStore).get('hungry').versions[0]!;
    for (const cells of [CELLS_OF_100_GB, MEMORY_MB * 300_000]) {
      const [hungry, other] = await Promise.all([
        client.post('/models/hungry/predict', { cells, values: 1 }),
        client.post('/models/half/predict', { x: [1, 2] }),
      ]);
      expect(hungry).toMatchObject({ status: 503, body: { code: 'model.runtime-died' } });
      expect(other.status).toBe(200);
      await until('the runtime has restarted', async () => {
        return (await client.post('/models/hungry/predict', { cells: 8, values: 1 })).status === 200;
      });
    }
    expect(app.app.get(ModelStore).get('hungry').versions[0]!.pid).not.toBe(pid);
    expect(await metric('model_runtime_restarts_total', 'model="hungry",version="1"')).toBe(2);
  });

  it('rejects a response with more values than ANSWER_MAX_ELEMENTS', async () => {
    expect((await client.post('/models/hungry/predict', { cells: 1, values: 4_999 })).status).toBe(200);
    expect(await client.post('/models/hungry/predict', { cells: 1, values: 5_000 })).toMatchObject({
      status: 413,
      body: { code: 'predict.answer-too-large', detail: expect.stringContaining('ANSWER_MAX_ELEMENTS') },
    });
  });

  it('applies the limit to the whole response to many rows, in one run or in a run for each', async () => {
    const halves = (rows: number) => Array.from({ length: rows }, (_, index) => ({ x: [index, 1] }));
    const hungry = (rows: number) => Array.from({ length: rows }, () => ({ cells: 1, values: 999 }));
    for (const [name, enough, tooMany] of [
      ['half', halves(2_500), halves(2_501)],
      ['hungry', hungry(5), hungry(6)],
    ] as const) {
      const path = `/models/${name}/predict`;
      expect((await client.post(path, { instances: enough })).status).toBe(200);
      expect(await client.post(path, { instances: tooMany })).toMatchObject({
        status: 413,
        body: { code: 'predict.answer-too-large' },
      });
    }
  });

  it('enables batching without a self-test where the manifest forces it', async () => {
    const { body } = await client.get('/models/forced');
    expect(body.batching).toEqual({ enabled: true, maxBatchSize: 64 });
  });

  it('runs a model with a cache once for the same input', async () => {
    const runs = (): Promise<number> => metric('model_run_duration_seconds_count', 'model="cached",version="1"');
    const before = await runs();
    const requests = Array.from({ length: 5 }, () => client.post('/models/cached/predict', { turns: 40_000 }));
    const responses = new Set((await Promise.all(requests)).map(({ text }) => text));
    expect(responses.size).toBe(1);
    await client.post('/models/cached/predict', { turns: 40_000 });
    await client.post('/models/cached/predict', { turns: 40_001 });
    expect(await runs()).toBe(before + 2);
    expect(await metric('model_cache_lookups_total', 'model="cached",version="1",result="miss"')).toBe(2);
  });

  it('returns each of 200 concurrent callers their own prediction, in fewer runs than callers', async () => {
    const labels = 'model="dense",version="1"';
    const rowOf = (index: number) => ({ x: Array.from({ length: 256 }, (_, column) => Math.cos(index * column)) });
    const alone = await client.post('/models/dense/predict', rowOf(7));
    const before = await metric('model_run_duration_seconds_count', labels);
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, index) => client.post('/models/dense/predict', rowOf(index))),
    );
    expect(responses.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(responses.map(({ text }) => text)).size).toBe(200);
    const [first, again] = [alone, responses[7]!].map(({ body }) => body.predictions[0].sums2 as number[]);
    first!.forEach((value, column) => expect(again![column]).toBeCloseTo(value, 3));
    expect((await metric('model_run_duration_seconds_count', labels)) - before).toBeLessThan(100);
  });
});
