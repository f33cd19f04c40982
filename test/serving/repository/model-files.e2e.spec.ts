import { createHash } from 'node:crypto';
import { cp, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Runtime } from '../../../src/serving/runtime/runtime.js';
import type { Client } from '../../support/client.js';
import { promote } from '../../support/menus.js';
import { TestModelStore } from '../../support/model-store.js';
import { killLeftovers, ProcessApp } from '../../support/process-app.js';
import { ROOT } from '../../support/project.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const MODEL = join(ROOT, 'test/fixtures/models/external.onnx');
const WEIGHTS = join(ROOT, 'test/fixtures/models/external.weights');
const OUTSIDE = '../escaped.bytes';

async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

describe('a model with an external weight file', () => {
  let store: TestModelStore;

  beforeAll(async () => {
    store = await TestModelStore.create();
    const pins = { sha256: await sha256(MODEL), files: { 'external.weights': await sha256(WEIGHTS) } };
    await store.add('pinned', 'external', { manifest: { versions: { 1: pins } } });
    await store.add('unpinned', 'external');
    await store.add('other', 'external', {
      manifest: { versions: { 1: { files: { 'external.weights': '0'.repeat(64) } } } },
    });
    await store.add('unlisted', 'external', { manifest: { versions: { 1: { files: {} } } } });
    await store.add('alone', 'external', { manifest: { versions: { 1: pins } } });
    await store.add('linked', 'external');
    await store.add('climbing', 'external');
    for (const name of ['pinned', 'unpinned', 'other', 'unlisted']) {
      await cp(WEIGHTS, join(store.path, name, '1/external.weights'));
    }
    await symlink(WEIGHTS, join(store.path, 'linked/1/external.weights'));
    await cp(WEIGHTS, join(store.path, 'climbing/1', OUTSIDE));
    const climbing = (await readFile(MODEL)).toString('latin1').replace('external.weights', OUTSIDE);
    await store.write('climbing/1/model.onnx', Buffer.from(climbing, 'latin1'));
  });

  afterAll(async () => {
    await store.remove();
  });

  describe('in the application', () => {
    let app: TestApp;
    let client: Client;

    beforeAll(async () => {
      app = await startTestApp({ MODELS_DIR: store.path });
      client = app.client();
    });

    afterAll(() => app.close());

    it.each(['pinned', 'unpinned'])('serves predictions with %s weights', async (name) => {
      const { body } = await client.post(`/models/${name}/predict`, { x: [10, 1] });
      expect(body.predictions).toEqual([{ sum: 23 }]);
    });

    it.each([
      ['other', /"external.weights" has sha256 [0-9a-f]{64}, but model.json expects 0{64}/],
      ['unlisted', /keeps weights in "external.weights", which "files" in model.json does not list/],
      ['alone', /"external.weights", in which the model keeps weights, is missing beside it/],
      ['linked', /keeps weights in "external.weights", which is outside of its folder/],
      ['climbing', /keeps weights in "..\/escaped.bytes", which is outside of its folder/],
    ])('fails to load with another, unlisted, missing or outside file: %s', async (name, reason) => {
      const { body } = await client.get(`/models/${name}`);
      expect(body).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
    });
  });

  it('logs a warning when the weights are not pinned', async () => {
    const app = await ProcessApp.start({ MODELS_DIR: store.path });
    const warning = await app.line('model unpinned/1: external.weights is not pinned by sha256');
    expect(warning.level).toBe('warn');
    expect(app.lines.filter(({ msg }) => msg.startsWith('model pinned/1'))).toEqual([]);
    await killLeftovers();
  });

  it('does not restart with changed weights', async () => {
    const file = join(store.path, 'unpinned/1/model.onnx');
    const failed = new Promise<unknown>((resolve) => {
      const events = { died: () => undefined, recovered: () => resolve('recovered'), restartFailed: resolve };
      const options = {
        file,
        threads: 1,
        providers: ['cpu'],
        memoryMb: 1_024,
        loadTimeoutMs: 60_000,
        maxResponseElements: 1_000,
      };
      const start = Runtime.start(options, events, new AbortController().signal);
      void start.then(async (runtime) => {
        await store.write('unpinned/1/external.weights', new Uint8Array(8));
        runtime.kill();
        await failed;
        await runtime.stop(0);
      });
    });
    expect(String(await failed)).toMatch(/"external.weights" has sha256 [0-9a-f]{64}, but model.json expects/);
  });
});

describe('a candidate version', () => {
  let store: TestModelStore;
  let app: TestApp;

  beforeAll(async () => {
    store = await TestModelStore.create();
    const features = [{ name: 'a' }, { name: 'b' }];
    const manifest = { features, output: { value: 'sum' }, versions: { 2: { candidate: true } } };
    await store.add('sum', 'sum', { version: 1 });
    await store.add('sum', 'difference', { version: 2, manifest });
    await store.add('untried', 'sum', { manifest: { ...manifest, versions: { 1: { candidate: true } } } });
    const example = { input: { a: 1, b: 1 }, value: 2 };
    await store.add('own', 'sum', { version: 1 });
    await store.add('own', 'difference', {
      version: 2,
      manifest: { ...manifest, example, versions: { 2: { example: { value: 0 } } } },
    });
    app = await startTestApp({ MODELS_DIR: store.path });
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  it('serves requests for its number, and others only after it has been chosen as the default', async () => {
    const admin = app.client();
    await promote(app, (await admin.signUpAndLogIn()).id);
    const row = { a: 5, b: 3 };
    const { body: byNumber } = await admin.post('/models/sum/versions/2/predict', row);
    expect(byNumber).toMatchObject({ version: '2', predictions: [{ value: 2 }] });
    expect((await admin.post('/models/sum/predict', row)).body).toMatchObject({ version: '1' });

    expect((await admin.put('/models/sum/default', { version: '2' })).body.defaultVersion).toBe('2');
    expect((await admin.post('/models/sum/predict', row)).body).toMatchObject({ version: '2' });
    expect((await admin.put('/models/sum/default', { version: null })).body.defaultVersion).toBe('1');
    expect((await admin.post('/models/sum/predict', row)).body).toMatchObject({ version: '1' });
  });

  it('leaves a model without other versions failed, with the reason', async () => {
    const { body } = await app.client().get('/models/untried');
    expect(body).toMatchObject({
      state: 'failed',
      reason: 'every version is a candidate, and none has been chosen as the default',
      versions: [{ state: 'ready' }],
    });
  });

  it('may override the expected prediction for the example, like any version', async () => {
    const { body } = await app.client().get('/models/own');
    expect(body.versions).toMatchObject([{ state: 'ready' }, { state: 'ready' }]);
  });
});
