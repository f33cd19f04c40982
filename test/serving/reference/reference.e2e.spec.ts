import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../support/client.js';
import { TestModelStore } from '../../support/model-store.js';
import { ROOT } from '../../support/project.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';

interface Row {
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
}

const MANIFEST = { features: [{ name: 'a' }, { name: 'b' }], output: { value: 'sum' } };
const LIST = { features: [{ name: 'x' }], output: { value: 'sum' } };
const SUMS: readonly Row[] = Array.from({ length: 130 }, (_, a) => ({ input: { a, b: 1 }, output: { value: a + 1 } }));

describe('the reference rows of a version', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;
  let iris: { features: object[]; labels: string[] };
  let irisRows: readonly Row[];

  beforeAll(async () => {
    store = await TestModelStore.create();
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    iris = JSON.parse(await readFile(join(ROOT, 'models/iris/model.json'), 'utf8')) as typeof iris;
    const { rows } = JSON.parse(await readFile(join(ROOT, 'models/iris/fixture.json'), 'utf8')) as {
      rows: { input: Row['input']; label: string; probabilities: object }[];
    };
    irisRows = rows.map(({ input, label, probabilities }) => ({ input, output: { label, probabilities } }));
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const write = (name: string, content: unknown) => store.write(`${name}/1/reference.json`, JSON.stringify(content));

  async function loaded(name: string): Promise<{ state: string; reason: string | null }> {
    let body = { state: 'loading', reason: null as string | null };
    await until(`${name} is loaded or failed`, async () => {
      const response = await client.get(`/models/${name}`);
      if (response.status === 200) body = response.body as typeof body;
      return body.state === 'ready' || body.state === 'failed';
    });
    return body;
  }

  /** Adds a model with reference rows, in one step, and waits for its load. */
  async function load(name: string, model: string, manifest: object, content: unknown) {
    await write(`.${name}`, content);
    await store.add(`.${name}`, model, { manifest });
    await rename(join(store.path, `.${name}`), join(store.path, name));
    return loaded(name);
  }

  async function loadIris(name: string, manifest: object) {
    await write(`.${name}`, { rows: irisRows });
    await store.write(`.${name}/1/model.onnx`, await readFile(join(ROOT, 'models/iris/1/model.onnx')));
    await store.write(`.${name}/model.json`, JSON.stringify(manifest));
    await rename(join(store.path, `.${name}`), join(store.path, name));
    return loaded(name);
  }

  it('let a version serve that reproduces them', async () => {
    expect(await loadIris('right', iris)).toMatchObject({ state: 'ready', reason: null });
  });

  it('tell of features in another order, which no check of shapes can see', async () => {
    const [first, second, ...others] = iris.features;
    const { state, reason } = await loadIris('swapped', {
      ...iris,
      features: [second, first, ...others],
      example: undefined,
    });
    expect(state).toBe('failed');
    expect(reason).toMatch(
      /swapped\/1.*: reference row \d+: probabilities\.\w+ is [\d.]+, and reference\.json expects/,
    );
  });

  it('tell of labels in another order', async () => {
    const { state, reason } = await loadIris('mislabelled', {
      ...iris,
      labels: ['setosa', 'virginica', 'versicolor'],
      example: undefined,
    });
    expect(state).toBe('failed');
    expect(reason).toMatch(/reference row \d+: (label|probabilities)/);
  });

  it('are verified for each kind of input and output', async () => {
    const kinds = {
      number: 1.5,
      count: 7,
      word: 'né',
      flag: true,
      grid: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    };
    const byTensor = { number_out: 1.5, count_out: 7, word_out: 'né', flag_out: true, grid_out: kinds.grid };
    expect(await load('kinds', 'kinds', {}, [{ input: kinds, output: byTensor }])).toMatchObject({ state: 'ready' });
    const other = {
      ...byTensor,
      grid_out: [
        [1, 2, 3],
        [4, 5, 7],
      ],
    };
    expect((await load('kinds-other', 'kinds', {}, [{ input: kinds, output: other }])).reason).toMatch(
      /reference row 1: grid_out\.1\.2 is 6, and reference\.json expects 7$/,
    );
    const list = [{ input: { x: [1, 2] }, output: { value: 3 } }];
    expect(await load('list', 'sum', LIST, list)).toMatchObject({ state: 'ready' });
  });

  it('are verified one at a time where the model does not batch', async () => {
    const row = { input: { x: [1, 3] }, output: { centred: [0, 0] } };
    expect(await load('centre', 'centre', {}, [row, row])).toMatchObject({ state: 'ready' });
    const wrong = { ...row, output: { centred: [-1, 1] } };
    expect((await load('centre-wrong', 'centre', {}, [row, wrong])).reason).toMatch(/reference row 2: centred\.0 is 0/);
  });

  it('are the first hundred at a load', async () => {
    const wrong = { input: { a: 1, b: 1 }, output: { value: 3 } };
    const rows = (at: number) => SUMS.map((row, index) => (index === at ? wrong : row));
    expect(await load('late', 'sum', MANIFEST, rows(100))).toMatchObject({ state: 'ready' });
    expect((await load('early', 'sum', MANIFEST, rows(99))).reason).toMatch(
      /reference row 100: value is 2, .* expects 3$/,
    );
  });

  it('name the row on which the model fails, or which is no row of the model', async () => {
    const manifest = { features: [{ name: 'index' }], example: { input: { index: 1 } } };
    const rows = [0, 1, 7].map((index) => ({ input: { index }, output: { picked: 10 * (index + 1) } }));
    expect((await load('pick', 'pick', manifest, rows)).reason).toMatch(/the model fails on reference row 3: /);
    const missing = [SUMS[0], { input: { a: 1 }, output: { value: 1 } }];
    expect((await load('missing', 'sum', MANIFEST, missing)).reason).toMatch(/reference row 2: b is required/);
    const unknown = [SUMS[0], { input: { a: 1, b: 1 }, output: { valeu: 1 } }];
    expect((await load('unknown', 'sum', MANIFEST, unknown)).reason).toMatch(
      /reference row 2: output has an unknown key "valeu"; a prediction of this model has value$/,
    );
    expect((await load('odd', 'sum', MANIFEST, { rows: [{ input: 7 }] })).reason).toMatch(
      /reference\.json: reference row 1/,
    );
  });

  it('reload the version when they change, and keep the one that serves when it does not reproduce them', async () => {
    expect(await load('changing', 'sum', MANIFEST, SUMS.slice(0, 2))).toMatchObject({ state: 'ready', reason: null });
    await write('changing', [{ input: { a: 1, b: 1 }, output: { value: 5 } }]);
    const reason = async () => (await client.get('/models/changing')).body.reason as string | null;
    await until('the change has failed', async () => (await reason()) !== null);
    expect(await reason()).toMatch(
      /cannot be loaded, so the previous ones are served: .*value is 2, and reference\.json expects 5/,
    );
    expect((await client.post('/models/changing/predict', { a: 1, b: 1 })).body.predictions).toEqual([{ value: 2 }]);
    await write('changing', SUMS.slice(0, 3));
    await until('the repaired rows are verified', async () => (await reason()) === null);
  });
});
