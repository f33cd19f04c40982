import type { Client } from '../support/client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ROW = { sepal_length: 5.9, sepal_width: 3, petal_length: 5.1, petal_width: 1.8 };
const TENSOR = { inputs: [{ name: 'input', shape: [1, 4], datatype: 'FP32', data: [5.9, 3, 5.1, 1.8] }] };

describe('PREDICT_RATE', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ PREDICT_RATE: '3', TRUST_PROXY: '1' });
  });

  afterAll(() => app.close());

  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
  const predict = (client: Client, address: string) => client.post('/predict', ROW, from(address));

  it('counts the requests of an address across all prediction endpoints', async () => {
    const [client, options] = [app.client(), from('203.0.113.1')];
    expect((await predict(client, '203.0.113.1')).status).toBe(200);
    expect((await client.post('/models/iris/predict', { instances: [ROW, ROW, ROW, ROW] }, options)).status).toBe(200);
    expect((await client.post('/v2/models/iris/infer', TENSOR, options)).status).toBe(200);
    const rejected = await predict(client, '203.0.113.1');
    expect(rejected.status).toBe(429);
    expect(rejected.body.code).toBe('model.rate-limited');
    const seconds = Number(rejected.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    const other = await client.post('/v2/models/iris/infer', TENSOR, options);
    expect([other.status, Object.keys(other.body as object)]).toEqual([429, ['error']]);
    expect((await predict(client, '203.0.113.2')).status).toBe(200);
    expect((await client.get('/models/iris', options)).status).toBe(200);
  });

  it('counts the requests of a member across addresses', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    for (const host of [1, 2, 3]) expect((await predict(client, `203.0.113.${host}`)).status).toBe(200);
    expect((await predict(client, '203.0.113.4')).status).toBe(429);
    expect((await predict(app.client(), '203.0.113.4')).status).toBe(200);
  });

  it('counts a job as one request, regardless of its rows', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    for (const rows of [[ROW], [ROW, ROW], [ROW]]) {
      expect((await client.post('/models/iris/jobs', rows)).status).toBe(202);
    }
    expect((await client.post('/models/iris/jobs', [ROW])).body.code).toBe('model.rate-limited');
  });
});
