import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Version 1 gives the sum of two numbers; the candidate 2 takes them by other names, and the candidate 3 classifies them. */
const MANIFEST = {
  features: [{ name: 'a' }, { name: 'b' }],
  output: { value: 'sum' },
  example: { input: { a: 1, b: 2 }, value: 3 },
  versions: {
    2: {
      candidate: true,
      features: [{ name: 'left' }, { name: 'right', default: 1 }],
      example: { input: { left: 3 }, value: 2 },
    },
    3: {
      candidate: true,
      output: { label: 'label', probabilities: 'probabilities' },
      labels: ['low', 'middle', 'high'],
    },
    4: { candidate: true, features: null, output: null },
    5: { candidate: true },
  },
};

describe('versions with features, labels and outputs of their own', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('pair', 'sum');
    await store.add('pair', 'difference', { version: 2 });
    await store.add('pair', 'classifier', { version: 3 });
    await store.add('pair', 'sum', { version: 4 });
    await store.add('pair', 'difference', { version: 5 });
    const wrong = { ...MANIFEST, versions: { 1: { output: { value: 'total' } } } };
    await store.add('wrong', 'sum', { manifest: wrong });
    await store.write('pair/model.json', JSON.stringify(MANIFEST));
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const predict = (row: object, version?: number) =>
    client.post(`/models/pair/${version === undefined ? '' : `versions/${version}/`}predict`, row);

  interface Version {
    readonly version: string;
    readonly state: string;
    readonly candidate?: true;
    readonly input?: { readonly properties: object; readonly required: readonly string[] };
    readonly output?: { readonly properties: object };
  }

  it('take their own rows, and give their own predictions', async () => {
    expect((await predict({ a: 1, b: 2 })).body).toMatchObject({ version: '1', predictions: [{ value: 3 }] });
    expect((await predict({ left: 5, right: 2 }, 2)).body.predictions).toEqual([{ value: 3 }]);
    expect((await predict({ left: 5 }, 2)).body.predictions).toEqual([{ value: 4 }]);
    const { body } = await predict({ a: 1, b: 2 }, 2);
    expect(body.errors.map(({ location }: { location: string[] }) => location.at(-1))).toEqual(['a', 'b', 'left']);
    expect((await predict({ a: 1, b: 2 }, 3)).body.predictions[0]).toMatchObject({
      label: expect.stringMatching(/^(low|middle|high)$/),
      probabilities: { low: expect.any(Number), middle: expect.any(Number), high: expect.any(Number) },
    });
    expect((await predict({ x: [1, 2] }, 4)).body.predictions).toEqual([{ sum: 3 }]);
  });

  it('fail by themselves where they contradict the model or their example', async () => {
    const { versions } = (await client.get('/models/pair')).body as { versions: Version[] };
    expect(versions.map(({ version, state }) => `${version} ${state}`)).toEqual([
      // Its example is that of the model, which it does not reproduce.
      '5 failed',
      '4 ready',
      '3 ready',
      '2 ready',
      '1 ready',
    ]);
    expect((await client.get('/models/wrong')).body.reason).toMatch(/names an output "total"/);
  });

  it('are described where they differ from the default version, candidates as such', async () => {
    const { body } = await client.get('/models/pair');
    const versions = new Map((body.versions as Version[]).map((version) => [version.version, version]));
    expect(versions.get('2')?.input?.required).toEqual(['left']);
    expect(Object.keys(versions.get('3')?.output?.properties ?? {})).toEqual(['label', 'index', 'probabilities']);
    expect(Object.keys(versions.get('4')?.input?.properties ?? {})).toEqual(['x']);
    expect([...versions.values()].map(({ candidate }) => candidate)).toEqual([true, true, true, true, undefined]);
    expect([versions.get('1')?.input, versions.get('5')?.input]).toEqual([undefined, undefined]);
    expect(body).toMatchObject({ defaultVersion: '1', example: { input: { a: 1, b: 2 }, value: 3 } });
    const { items } = (await client.get('/models')).body as { items: { name: string; versions: Version[] }[] };
    const listed = items.find(({ name }) => name === 'pair')?.versions[1];
    expect([listed?.candidate, listed?.input]).toEqual([true, undefined]);
  });

  it('have operations of their own in the OpenAPI document', async () => {
    const { paths } = (await client.get('/openapi.json')).body;
    const own = Object.keys(paths as object).filter((path) => path.startsWith('/models/pair/versions/'));
    expect(own).toEqual([4, 3, 2].map((version) => `/models/pair/versions/${version}/predict`));
    const operation = paths['/models/pair/versions/2/predict'].post;
    const { schema, example } = operation.requestBody.content['application/json'];
    expect(Object.keys(schema.oneOf[0].properties as object)).toEqual(['left', 'right']);
    expect((await predict(example as object, 2)).status).toBe(200);
    const { content } = operation.responses['200'];
    expect(Object.keys(content as object)).toEqual(['application/json']);
  });
});
