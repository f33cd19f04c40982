import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describeUnless } from '../../support/describe-unless.js';
import { TestModelStore } from '../../support/model-store.js';
import { permissionsIgnoredReason, withinPermissions } from '../../support/permissions.js';
import { killLeftovers, ProcessApp } from '../../support/process-app.js';
import { until } from '../../support/until.js';

const ROW = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };

describeUnless(await permissionsIgnoredReason())('a folder that may not be read', () => {
  let store: TestModelStore;

  beforeEach(async () => {
    store = await TestModelStore.create();
    for (const version of [1, 2]) await store.add('sum', 'sum', { version });
  });

  afterEach(async () => {
    for (const path of ['', 'sum', 'sum/2', 'iris']) await allow(path);
    await killLeftovers();
    await store.remove();
  });

  const forbid = (path: string): Promise<void> => chmod(join(store.path, path), 0);
  const allow = (path: string): Promise<void> => chmod(join(store.path, path), 0o755).catch(() => undefined);
  const spawn = (): Promise<ProcessApp> => {
    return ProcessApp.spawn({ MODELS_DIR: store.path }, { command: withinPermissions() });
  };

  async function start(): Promise<ProcessApp> {
    const app = await spawn();
    await app.line('ready');
    return app;
  }

  it('is listed and logged as failed, while the rest serves, and is loaded once it may be read', async () => {
    await forbid('sum');
    const app = await start();
    const client = app.client();
    const reason = 'its folder cannot be read (EACCES)';
    expect((await client.get('/models/sum')).body).toMatchObject({ state: 'failed', reason });
    expect(app.lines.filter(({ msg }) => msg === `model sum failed: ${reason}`)).toHaveLength(1);
    expect((await client.post('/predict', ROW)).body).toEqual({ result: [2] });
    await allow('sum');
    await until('it serves', async () => (await client.post('/models/sum/predict', { x: [1, 2] })).status === 200);
  });

  it('goes on serving what has been loaded, with the reason', async () => {
    const app = await start();
    const client = app.client();
    await forbid('sum');
    await until('it is seen', async () => (await client.get('/models/sum')).body.reason !== null);
    expect((await client.get('/models/sum')).body).toMatchObject({ state: 'ready', defaultVersion: '2' });
    expect((await client.post('/models/sum/predict', { x: [1, 2] })).body.predictions).toEqual([{ sum: 3 }]);
    await allow('sum');
    await until('it is read again', async () => (await client.get('/models/sum')).body.reason === null);
  });

  it('fails alone if it is one of several versions', async () => {
    await forbid('sum/2');
    const app = await start();
    const { body } = await app.client().get('/models/sum');
    expect(body).toMatchObject({ state: 'ready', defaultVersion: '1' });
    expect(body.versions[0]).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('model.onnx cannot be read (EACCES)'),
    });
  });

  it.each([
    ['', /^Barista cannot start\. MODELS_DIR: ".*" cannot be read \(EACCES\)\n$/],
    ['iris', /The default model "iris" cannot be served: its folder cannot be read \(EACCES\)/],
  ])('ends the start if nothing can be served without it, and the port is not blamed: %j', async (path, message) => {
    await forbid(path);
    const { code, stderr } = await (await spawn()).ended;
    expect([code, stderr.includes('PORT')]).toEqual([1, false]);
    expect(stderr).toMatch(message);
  });
});
