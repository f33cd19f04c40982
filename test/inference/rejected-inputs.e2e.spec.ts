import { ModelClient } from '../../src/inference/injection/model-client.js';
import { ModelStore } from '../../src/serving/repository/model-store.js';
import { invalidFields } from '../support/auth.js';
import type { Client, ClientResponse } from '../support/client.js';
import { csvForm, MULTIPART } from '../support/forms.js';
import { promote } from '../support/menus.js';
import { TestModelStore } from '../support/model-store.js';
import { createJob, finishedJob, resultOf } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ONNX_RUNTIME = /gather|onnx|indices|node|out of data bounds/i;

/** `pick` looks a number up in a table of three, like an embedding of three tokens: any other index makes the run fail. */
describe('a row that the model cannot compute', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    const manifest = { features: [{ name: 'index' }], output: { value: 'picked' } };
    await store.add('pick', 'pick', { manifest: { ...manifest, batching: { force: true } } });
    await store.add('alone', 'pick', { manifest: { ...manifest, batching: false } });
    app = await startTestApp({ MODELS_DIR: store.path, DEFAULT_MODEL: 'pick', DEADLINE_MS: '30000' });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  /** Valid rows with one that the model fails on. */
  const rowsWith = (bad: number, count: number): { index: number }[] =>
    Array.from({ length: count }, (_, row) => ({ index: row === bad ? 99 : row % 3 }));

  function expectRejection({ status, body, text }: ClientResponse, location: string): void {
    expect({ status, code: body.code, fields: invalidFields(body) }).toEqual({
      status: 422,
      code: 'model.input-rejected',
      fields: [location],
    });
    expect(text).not.toMatch(ONNX_RUNTIME);
  }

  it.each(['pick', 'alone'])('is named in the answer, wherever it is: %s', async (model) => {
    expectRejection(await client.post(`/models/${model}/predict`, { index: 99 }), 'body');
    for (const [bad, count] of [
      [0, 2],
      [3, 5],
      [299, 300],
    ] as const) {
      const response = await client.post(`/models/${model}/predict`, { instances: rowsWith(bad, count) });
      expectRejection(response, `body.instances.${bad}`);
    }
    const valid = await client.post(`/models/${model}/predict`, { instances: rowsWith(-1, 300) });
    expect(valid.status).toBe(200);
  });

  it('is named in arrays and files, and for product code', async () => {
    expectRejection(await client.post('/predict', rowsWith(2, 4)), 'body.2');
    const csv = csvForm('index\n0\n1\n99\n2\n');
    expectRejection(
      await client.request('POST', '/models/pick/predict', { headers: MULTIPART, raw: csv }),
      'body.file.4',
    );
    const model = new ModelClient(app.app.get(ModelStore), 'pick');
    await expect(model.predictMany(rowsWith(1, 3))).rejects.toMatchObject({
      code: 'model.input-rejected',
      errors: [{ location: ['features', 1] }],
    });
  });

  it('is 400 in the Open Inference Protocol', async () => {
    const inputs = [{ name: 'index', shape: [3], datatype: 'INT64', data: [0, 1, 99] }];
    const { status, body, text } = await client.post('/v2/models/pick/infer', { inputs });
    expect(status).toBe(400);
    expect(body.error).toContain('row 2');
    expect(text).not.toMatch(ONNX_RUNTIME);
  });

  it('is the error of its row in a job that skips', async () => {
    const member = app.client();
    await member.signUpAndLogIn();
    const { id } = await createJob(member, 'index\n0\n99\n2\n99\n', { model: 'pick', onError: 'skip' });
    expect(await finishedJob(member, id)).toMatchObject({ status: 'succeeded', progress: { errors: 2 } });
    const results = await resultOf(member, id);
    expect(results.map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([
      undefined,
      'model.input-rejected',
      undefined,
      'model.input-rejected',
    ]);
    expect(results[1]).toMatchObject({ error: { errors: [{ location: ['body', 'file', 3] }] } });
  });

  it('leaves its reason to administrators, without inputs and no more than ten', async () => {
    for (let time = 0; time < 12; time += 1) await client.post('/models/pick/predict', { index: 99 });
    const [admin, member] = [app.client(), app.client()];
    await promote(app, (await admin.signUpAndLogIn()).id);
    await member.signUpAndLogIn();
    const { body } = await admin.get('/models/pick');
    expect(body.failures).toHaveLength(10);
    expect(body.failures[0]).toEqual({
      at: expect.stringMatching(/^\d{4}-/),
      version: '1',
      code: 'model.input-rejected',
      message: expect.stringMatching(/gather/i),
    });
    for (const other of [client, member]) {
      expect((await other.get('/models/pick')).body).not.toHaveProperty('failures');
    }
    expect((await admin.get('/models/iris')).body).not.toHaveProperty('failures');
    expect((await client.get('/models')).text).not.toMatch(ONNX_RUNTIME);
  });
});
