import { createHash } from 'node:crypto';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelDefaultsRepository } from '../../../src/serving/repository/model-defaults.repository.js';
import { Log } from '../../../src/platform/logging/index.js';
import { ModelStore } from '../../../src/serving/repository/model-store.js';
import type { ClientResponse, Client } from '../../support/client.js';
import { TestModelStore } from '../../support/model-store.js';
import { ROOT } from '../../support/project.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';

/** For fifty restarts of a process, beside busy ones. */
const SWAPS_TIMEOUT_MS = 240_000;

/** The model `sum` gives 7 for this row, and `difference` 3. */
const ROW = { a: 5, b: 2 };
const IRIS = { sepal_length: 5.9, sepal_width: 3, petal_length: 5.1, petal_width: 1.8 };
const MANIFEST = { features: [{ name: 'a' }, { name: 'b' }], output: { value: 'sum' } };

describe('the model store, when a folder changes', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  function predict(name: string, version?: number): Promise<ClientResponse> {
    const path = version === undefined ? `/models/${name}/predict` : `/models/${name}/versions/${version}/predict`;
    return client.post(path, ROW);
  }

  async function predictedValue(name: string): Promise<unknown> {
    return (await predict(name)).body.predictions?.[0]?.value as unknown;
  }

  function serves(name: string, value: number): Promise<void> {
    return until(`${name} predicts ${value}`, async () => (await predictedValue(name)) === value);
  }

  async function state(name: string): Promise<{ state?: string; reason?: string | null; versions?: object[] }> {
    return (await client.get(`/models/${name}`)).body as { state?: string; reason?: string | null };
  }

  async function bytesOf(model: string): Promise<Buffer> {
    return readFile(join(ROOT, `test/fixtures/models/${model}.onnx`));
  }

  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

  it('adds an endpoint for a new model, with a schema from its signature and a working example', async () => {
    await store.add('bare', 'sum');
    await until('it is ready', async () => (await state('bare')).state === 'ready');
    const { body } = await client.get('/openapi.json');
    const { requestBody } = body.paths['/models/bare/predict'].post;
    const { schema, example } = requestBody.content['application/json'];
    expect(body.components.schemas['bare.row'].properties).toMatchObject({
      x: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
    });
    expect(schema.oneOf[0]).toEqual({ $ref: '#/components/schemas/bare.row' });
    expect((await client.post('/models/bare/predict', example)).status).toBe(200);
  });

  it('serves a newer version by default once it is ready, and the older one by its number', async () => {
    await store.add('grow', 'sum', { manifest: MANIFEST });
    await serves('grow', 7);
    await store.add('grow', 'difference', { version: 2 });
    await serves('grow', 3);
    expect((await predict('grow', 1)).body).toMatchObject({ version: '1', predictions: [{ value: 7 }] });
  });

  it('keeps serving the last good version when the replacement fails to load', async () => {
    await store.add('steady', 'sum', { manifest: MANIFEST });
    await serves('steady', 7);
    await store.write('steady/2/model.onnx', 'no model at all');
    await until('version 2 has failed', async () => {
      return (
        (await state('steady')).versions?.some((version) => 'state' in version && version.state === 'failed') === true
      );
    });
    expect(await state('steady')).toMatchObject({
      state: 'ready',
      reason: 'steady/2/model.onnx: the file is not an ONNX model, or not all of one',
      defaultVersion: '1',
    });
    await store.write('steady/1/model.onnx', 'nor this');
    await until('that is noticed', async () => ((await state('steady')).reason ?? '').includes('files have changed'));
    expect(await predictedValue('steady')).toBe(7);
    await store.write('steady/model.json', '{"features": [');
    await until('that is noticed', async () => ((await state('steady')).reason ?? '').includes('well-formed JSON'));
    expect(await predictedValue('steady')).toBe(7);
  });

  it('loads a model once its file has been copied completely', async () => {
    const bytes = await bytesOf('sum');
    await store.write('slow/model.json', JSON.stringify(MANIFEST));
    await store.write('slow/1/model.onnx', bytes.subarray(0, bytes.length / 2));
    await until('half a file has failed', async () => (await state('slow')).state === 'failed');
    await store.write('slow/1/model.onnx', bytes);
    await serves('slow', 7);
    expect((await state('slow')).reason).toBeNull();
  });

  it('loads a changed file only after its new hash is in the manifest', async () => {
    const [sum, difference] = [await bytesOf('sum'), await bytesOf('difference')];
    const pinned = (bytes: Buffer): string =>
      JSON.stringify({ ...MANIFEST, versions: { 1: { sha256: sha256(bytes) } } });
    await store.write('pinned/model.json', pinned(sum));
    await store.write('pinned/1/model.onnx', sum);
    await serves('pinned', 7);
    await store.write('pinned/1/model.onnx', difference);
    await until('the other file is refused', async () => ((await state('pinned')).reason ?? '').includes('sha256'));
    expect(await predictedValue('pinned')).toBe(7);
    await store.write('pinned/model.json', pinned(difference));
    await serves('pinned', 3);
    expect((await state('pinned')).reason).toBeNull();
  });

  it('applies the access of a changed manifest', async () => {
    await store.add('closing', 'sum', { manifest: MANIFEST });
    await serves('closing', 7);
    await store.write('closing/model.json', JSON.stringify({ ...MANIFEST, access: 'member' }));
    await until('it is for members', async () => (await predict('closing')).status === 401);
    expect((await state('closing')).state).toBe('ready');
  });

  it('answers 404 for a removed model, and ends its process', async () => {
    await store.add('leaving', 'sum', { manifest: MANIFEST });
    await serves('leaving', 7);
    const { pid } = app.app.get(ModelStore).get('leaving').versions[0]!;
    await rm(join(store.path, 'leaving'), { recursive: true });
    await until('it is gone', async () => (await predict('leaving')).status === 404);
    await until('its process has ended', () => !isAlive(pid!));
    const { body } = await client.get('/openapi.json');
    expect(body.paths['/models/leaving/predict']).toBeUndefined();
  });

  it('keeps serving while the store cannot be read', async () => {
    const away = `${store.path}-away`;
    const log = app.app.get(Log).lines;
    const warned = new Promise<void>((resolve) => {
      jest.spyOn(log, 'warn').mockImplementation((_: unknown, message?: string) => {
        if (message === 'the model store cannot be read') resolve();
      });
    });
    await rename(store.path, away);
    await warned;
    expect((await client.post('/predict', IRIS)).status).toBe(200);
    await rename(away, store.path);
  });

  it('serves the default version that another process on the same database has chosen', async () => {
    await store.addTwoVersions('shared');
    await until(
      'both are ready',
      async () => (await predict('shared', 1)).status + (await predict('shared', 2)).status === 400,
    );
    await app.app.get(ModelDefaultsRepository).choose('shared', '1');
    await until('it serves', async () => (await predict('shared')).body.version === '1');
    await app.app.get(ModelDefaultsRepository).clear('shared');
    await until('the newest serves again', async () => (await predict('shared')).body.version === '2');
    expect((await state('shared')).state).toBe('ready');
  });

  it('serves without interruption while the folder of a version is renamed', async () => {
    await store.add('renamed', 'sum', { manifest: MANIFEST });
    await serves('renamed', 7);
    await rename(join(store.path, 'renamed/1'), join(store.path, 'renamed/2'));
    const seen = new Set<string>();
    await until('it is version 2', async () => {
      const { status, body } = await predict('renamed');
      seen.add(`${status} ${body.version}`);
      return body.version === '2';
    });
    expect([...seen].sort()).toEqual(['200 1', '200 2']);
  });

  it('reports the reason when a load is requested and fails, and loads the next file', async () => {
    await store.add('forced', 'sum', { manifest: MANIFEST });
    await serves('forced', 7);
    await store.write('forced/1/model.onnx', 'rubbish');
    const models = app.app.get(ModelStore);
    for (let time = 0; time < 2; time += 1) {
      await expect(models.load('forced')).rejects.toMatchObject({ code: 'model.load-failed' });
      expect(await predictedValue('forced')).toBe(7);
    }
    await store.write('forced/1/model.onnx', await bytesOf('difference'));
    expect((await models.load('forced')).state).toBe('ready');
    expect(await predictedValue('forced')).toBe(3);
  });

  it('loads a model on its first request if the manifest says so', async () => {
    const example = { input: ROW, value: 7 };
    await store.add('lazy', 'sum', { manifest: { ...MANIFEST, load: 'first-use', example } });
    await until('it is described', async () => {
      return (await client.get('/openapi.json')).body.paths['/models/lazy/predict'] !== undefined;
    });
    expect((await state('lazy')).state).toBe('unloaded');
    expect(app.app.get(ModelStore).get('lazy').versions[0]?.pid).toBeUndefined();
    const responses = await Promise.all([predict('lazy'), predict('lazy'), predict('lazy')]);
    expect(responses.map(({ body }) => body.predictions)).toEqual([[{ value: 7 }], [{ value: 7 }], [{ value: 7 }]]);
    expect((await state('lazy')).state).toBe('ready');
  });

  it(
    'fails no request during 50 replacements under load',
    async () => {
      await store.add('swapped', 'sum', { manifest: MANIFEST });
      await serves('swapped', 7);
      const seen = new Map<string, number>();
      let isOver = false;
      const callers = Array.from({ length: 8 }, async () => {
        while (!isOver) {
          const { status, body } = await predict('swapped');
          const text = `${status} ${body.predictions?.[0]?.value}`;
          seen.set(text, (seen.get(text) ?? 0) + 1);
        }
      });
      const models = app.app.get(ModelStore);
      const files = [await bytesOf('difference'), await bytesOf('sum')];
      for (let swap = 0; swap < 50; swap += 1) {
        await store.write('swapped/1/model.onnx', files[swap % 2]!);
        await models.load('swapped');
      }
      isOver = true;
      await Promise.all(callers);
      expect([...seen.keys()].sort()).toEqual(['200 3', '200 7']);
      expect(Math.min(...seen.values())).toBeGreaterThan(50);
      expect(models.get('swapped').versions).toHaveLength(1);
    },
    SWAPS_TIMEOUT_MS,
  );
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
