import type { Client } from '../support/client.js';
import { promote } from '../support/menus.js';
import { TestModelStore } from '../support/model-store.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const SHA256 = /^[0-9a-f]{64}$/;

describe('/models', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;
  let admin: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.addTwoVersions('sum');
    await store.add('bare', 'sum');
    await store.add('kinds', 'kinds');
    await store.add('secret', 'sum', { manifest: { access: 'admin' } });
    await store.add('club', 'sum', { manifest: { access: 'member' } });
    await store.add('zipped', 'sequence');
    await store.add('liar', 'sum', { manifest: { example: { input: { x: [1, 2] }, output: { sum: 4 } } } });
    await store.add('pinned', 'sum', { manifest: { versions: { 1: { sha256: '0'.repeat(64) } } } });
    await store.add('misfit', 'sum', { manifest: { features: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] } });
    await store.add('broken', 'sum', { manifest: { feature: [], access: 'everybody' } });
    await store.add('typo', 'sum', { manifest: { output: { value: 'summ' } } });
    await store.add('default', 'sum', { manifest: { features: [{ name: 'a', default: 'x' }, { name: 'b' }] } });
    await store.write('a-file', 'not a folder');
    await store.write('rubbish/1/model.onnx', 'this is not a model');
    await store.write('empty/model.json', '{}');
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    admin = app.client();
    await promote(app, (await admin.signUpAndLogIn()).id);
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  it('lists each model with its state and versions', async () => {
    const { body } = await client.get('/models');
    const names = body.items.map(({ name }: { name: string }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['iris', 'bare', 'broken', 'empty', 'sum']));
    expect(names).not.toContain('a-file');
    const iris = body.items.find(({ name }: { name: string }) => name === 'iris');
    expect(iris).toEqual({
      name: 'iris',
      description: 'Species of an iris flower from four measurements',
      state: 'ready',
      reason: null,
      defaultVersion: '1',
      versions: [
        {
          version: '1',
          state: 'ready',
          reason: null,
          sha256: expect.stringMatching(SHA256),
          trainedAt: expect.any(String),
          metrics: { accuracy: 0.9556 },
        },
      ],
    });
  });

  it('returns the schemas of a model', async () => {
    const { body } = await client.get('/models/iris');
    expect(body.input.properties.petal_width).toEqual({
      type: 'number',
      minimum: 0,
      maximum: 100,
      description: 'Width of the petal, in cm',
    });
    expect(body.input.required).toEqual(['sepal_length', 'sepal_width', 'petal_length', 'petal_width']);
    expect(body.output.properties.label.enum).toEqual(['setosa', 'versicolor', 'virginica']);
    expect(body.batching).toEqual({ enabled: true, maxBatchSize: 256 });
    expect(body).toMatchObject({ access: 'public', example: { label: 'virginica' } });
    expect((await client.get('/models/rose')).status).toBe(404);
  });

  it.each([
    ['zipped', /"parts" is not a tensor; return tensors from the model/],
    ['liar', /its output "sum" for its own example is not the one in model.json/],
    ['pinned', /pinned\/1\/model.onnx: the file has sha256 [0-9a-f]{64}, but model.json expects 0{64}/],
    ['misfit', /the input "x" takes 2 values a row, but model.json has 3 features for it/],
    ['broken', /has an unknown key "feature"; access must be one of public, member, admin/],
    ['rubbish', /the file is not an ONNX model, or not all of one/],
    ['empty', /it has no version/],
    ['typo', /model.json names an output "summ"; the model has sum/],
    ['default', /a default in model.json is wrong: a must be a finite number/],
  ])('reports why %s has failed, and serves the other models', async (name, reason) => {
    const { body } = await client.get(`/models/${name}`);
    expect(body.state).toBe('failed');
    expect(body.reason).toMatch(reason);
    const prediction = await client.post(`/models/${name}/predict`, { x: [1, 2] });
    expect(prediction).toMatchObject({ status: 503, body: { code: 'model.not-ready' } });
    expect(prediction.headers.get('retry-after')).toBe('1');
  });

  describe('access', () => {
    it('requires a login for a model for members', async () => {
      expect(await client.post('/models/club/predict', { x: [1, 2] })).toMatchObject({
        status: 401,
        body: { code: 'auth.required' },
      });
      expect((await admin.post('/models/club/predict', { x: [1, 2] })).status).toBe(200);
    });

    it('requires the role for a model for administrators', async () => {
      const member = app.client();
      await member.signUpAndLogIn();
      expect((await client.post('/models/secret/predict', { x: [1, 2] })).status).toBe(401);
      expect(await member.post('/models/secret/predict', { x: [1, 2] })).toMatchObject({
        status: 403,
        body: { code: 'model.access-denied' },
      });
      expect((await admin.post('/models/secret/versions/1/predict', { x: [1, 2] })).status).toBe(200);
    });
  });

  describe('PUT /models/{name}/default', () => {
    it('requires an administrator', async () => {
      const member = app.client();
      await member.signUpAndLogIn();
      expect((await client.put('/models/sum/default', { version: '1' })).status).toBe(401);
      expect((await member.put('/models/sum/default', { version: '1' })).status).toBe(403);
    });

    it('sets and resets the default version', async () => {
      const row = { a: 1, b: 1 };
      expect((await client.post('/models/sum/predict', row)).body.version).toBe('2');
      expect(await admin.put('/models/sum/default', { version: '1' })).toMatchObject({
        status: 200,
        body: { defaultVersion: '1' },
      });
      expect((await client.post('/models/sum/predict', row)).body).toEqual({
        model: 'sum',
        version: '1',
        predictions: [{ value: 1 }],
      });
      expect(await admin.put('/models/sum/default', { version: null })).toMatchObject({
        status: 200,
        body: { defaultVersion: '2' },
      });
      expect((await client.post('/models/sum/predict', row)).body.version).toBe('2');
    });

    it('rejects a version that does not exist or is not ready', async () => {
      expect(await admin.put('/models/sum/default', { version: '9' })).toMatchObject({
        status: 422,
        body: { errors: [{ location: ['body', 'version'] }] },
      });
      expect((await admin.put('/models/sum/default', { version: 1 })).status).toBe(422);
      expect((await admin.put('/models/sum/default', {})).status).toBe(422);
      expect(await admin.put('/models/pinned/default', { version: '1' })).toMatchObject({
        status: 409,
        body: { code: 'model.version-not-ready' },
      });
      expect((await admin.put('/models/rose/default', { version: '1' })).status).toBe(404);
    });
  });

  it('documents an operation for each ready model', async () => {
    const { body } = await client.get('/openapi.json');
    expect(body.components.schemas['iris.row'].properties.sepal_width).toMatchObject({ type: 'number', maximum: 100 });
    expect(body.paths['/models/iris/predict'].post.requestBody.content['application/json'].example).toEqual({
      sepal_length: 5.9,
      sepal_width: 3,
      petal_length: 5.1,
      petal_width: 1.8,
    });
    expect(body.components.schemas['kinds.row'].properties.grid).toEqual({
      type: 'array',
      minItems: 2,
      maxItems: 2,
      items: { type: 'array', minItems: 3, maxItems: 3, items: { type: 'number' } },
    });
    expect(body.paths['/models/zipped/predict']).toBeUndefined();
  });
});
