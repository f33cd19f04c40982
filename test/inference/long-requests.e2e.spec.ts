import { ModelStore } from '../../src/serving/repository/model-store.js';
import type { ModelVersion } from '../../src/serving/repository/model-version.js';
import { ModelClient } from '../../src/inference/injection/model-client.js';
import { IntegerField } from '../../src/platform/http/index.js';
import { Pipeline } from '../../src/inference/index.js';
import type { Client, ClientResponse } from '../support/client.js';
import { csvForm, MULTIPART } from '../support/forms.js';
import { TestModelStore } from '../support/model-store.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** Long enough for a single run on a busy machine, and shorter than the requests below. */
const DEADLINE_MS = 3_000;
const TIMEOUT_MS = 120_000;
/** Turns of one row: some 10 ms. */
const TURNS = 5_000;

class OrderDto {
  @IntegerField({ min: 0, max: 1_000_000 })
  size!: number;
}

class AnswerDto {
  text!: string;
}

@Pipeline('orders', { input: OrderDto, answer: AnswerDto })
class OrdersPipeline implements Pipeline<OrderDto, { turns: number }, object, AnswerDto> {
  preprocess({ size }: OrderDto): { turns: number } {
    return { turns: size };
  }

  respond(): AnswerDto {
    return { text: 'done' };
  }
}

/** `single` runs each row by itself, `batched` runs rows together. Both take as long as their rows one after another. */
describe('a request of many rows', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;
  /** So many that they take longer than the deadline. */
  let count: number;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('single', 'spin', { manifest: { example: { input: { turns: 3 } } } });
    await store.add('orders', 'spin', { manifest: { example: { input: { turns: 3 } } } });
    await store.add('batched', 'spin-rows', {
      manifest: { features: [{ name: 'turns' }], output: { value: 'answer' } },
    });
    const variables = {
      MODELS_DIR: store.path,
      DEFAULT_MODEL: 'single',
      DEADLINE_MS: String(DEADLINE_MS),
      QUEUE_CAPACITY: '2',
    };
    app = await startTestApp(variables, [], [OrdersPipeline]);
    client = app.client();
    const times: number[] = [];
    for (let run = 0; run < 5; run += 1) {
      const since = performance.now();
      await client.post('/predict', { turns: TURNS });
      times.push(performance.now() - since);
    }
    count = Math.ceil((1.5 * DEADLINE_MS) / Math.min(...times));
  }, TIMEOUT_MS);

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const version = (model: string): ModelVersion => app.app.get(ModelStore).get(model).versions[0]!;
  const rows = (): { turns: number }[] => Array.from({ length: count }, () => ({ turns: TURNS }));
  const predictAll = (model: string): Promise<ClientResponse> =>
    client.post(`/models/${model}/predict`, { instances: rows() });

  it('batches the rows of one model and not of the other', () => {
    expect(version('single').batching).toMatchObject({ enabled: false });
    expect(version('batched').batching).toMatchObject({ enabled: true });
  });

  it.each(['single', 'batched'])(
    'is answered though it takes longer than DEADLINE_MS, and a small request meanwhile: %s',
    async (model) => {
      const restartedBefore = version(model).pid;
      const since = performance.now();
      let isOver = false;
      const long = predictAll(model).finally(() => (isOver = true));
      await until('it runs', () => version(model).load.running > 0);
      for (let small = 0; small < 3; small += 1) {
        expect((await client.post(`/models/${model}/predict`, { turns: 1 })).status).toBe(200);
      }
      expect(isOver).toBe(false);
      const { status, body } = await long;
      expect({ status, code: body.code }).toEqual({ status: 200, code: undefined });
      expect(body.predictions).toHaveLength(count);
      expect(performance.now() - since).toBeGreaterThan(DEADLINE_MS);
      expect(version(model).pid).toBe(restartedBefore);
    },
    TIMEOUT_MS,
  );

  it(
    'is answered in the short form, as CSV, by a pipeline, for product code and in the Open Inference Protocol',
    async () => {
      const short = await client.post('/predict', rows());
      expect({ status: short.status, rows: short.body.result?.length }).toEqual({ status: 200, rows: count });

      const csv = csvForm(['turns', ...rows().map(({ turns }) => turns)].join('\n'));
      const form = await client.request('POST', '/models/batched/predict', { headers: MULTIPART, raw: csv });
      expect(form.body.predictions).toEqual(rows().map(() => ({ value: TURNS })));

      const orders = await client.post('/models/orders/predict', {
        instances: rows().map(({ turns }) => ({ size: turns })),
      });
      expect(orders.body).toMatchObject({ model: 'orders' });
      expect(orders.body.predictions).toEqual(rows().map(() => ({ text: 'done' })));

      const injected = new ModelClient(app.app.get(ModelStore), 'batched');
      expect(await injected.predictMany(rows())).toHaveLength(count);

      const inputs = [{ name: 'turns', shape: [count, 1], datatype: 'INT64', data: rows().map(({ turns }) => turns) }];
      const { status, body } = await client.post('/v2/models/batched/infer', { inputs });
      expect({ status, shape: body.outputs?.[0].shape }).toEqual({ status: 200, shape: [count, 1] });
    },
    TIMEOUT_MS,
  );

  it(
    'keeps to the time that its caller gives it',
    async () => {
      const inputs = [{ name: 'turns', shape: [count, 1], datatype: 'INT64', data: rows().map(({ turns }) => turns) }];
      const { status } = await client.post('/v2/models/batched/infer', { parameters: { timeout: 500_000 }, inputs });
      expect(status).toBe(504);
      const injected = new ModelClient(app.app.get(ModelStore), 'batched');
      await expect(injected.predictMany(rows(), { timeoutMs: 500 })).rejects.toMatchObject({ code: 'model.deadline' });
    },
    TIMEOUT_MS,
  );

  it.each(['single', 'batched'])('ends when its client disconnects: %s', async (model) => {
    const before = version(model).stats.snapshot().inferenceCount;
    const controller = new AbortController();
    const request = fetch(`${client.url}/models/${model}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ instances: rows() }),
      signal: controller.signal,
    }).catch(() => undefined);
    await until('it runs', () => version(model).load.running > 0);
    controller.abort();
    await request;
    await until('nothing runs', () => version(model).load.running + version(model).load.waiting === 0);
    expect(version(model).stats.snapshot().inferenceCount - before).toBeLessThan(count);
  });

  it(
    'may take PREDICT_MAX_SECONDS as a whole, which the OpenAPI document states',
    async () => {
      const strict = await startTestApp({ MODELS_DIR: store.path, DEADLINE_MS: '1000', PREDICT_MAX_SECONDS: '2' });
      const { paths } = (await strict.client().get('/openapi.json')).body;
      for (const path of ['/predict', '/models/{name}/predict', '/models/single/predict', '/v2/models/{name}/infer']) {
        expect(paths[path].post).toMatchObject({ 'x-max-seconds': 2 });
      }
      const { schema } = paths['/models/single/predict'].post.requestBody.content['application/json'];
      expect(schema).toMatchObject({ 'x-max-seconds': 2 });
      const { status, body } = await strict
        .client()
        .post('/models/single/predict', { instances: [...rows(), ...rows()] });
      expect({ status, code: body.code }).toEqual({ status: 504, code: 'model.deadline' });
      await strict.close();
    },
    TIMEOUT_MS,
  );
});
