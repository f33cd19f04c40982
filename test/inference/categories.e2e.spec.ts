import type { Client, ClientResponse } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { createJob, resultOf, sendJob } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const NUMBERED = Array.from({ length: 30 }, (_, index) => `town ${index + 1}`);
/** The model `gaps` passes its inputs through. */
const FEATURES = [
  { name: 'age' },
  { name: 'weight', values: [50.5, 70.5] },
  { name: 'half' },
  { name: 'count', values: [1, 2, 3] },
  { name: 'flag' },
  { name: 'city', values: ['Seoul', 'Busan', '3'] },
];
const ROW = { age: 30, weight: 70.5, half: 1, count: 2, flag: true, city: 'Busan' };
const page = { headers: { accept: 'text/html' } };

describe('Features with a list of values', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('visits', 'gaps', { manifest: { features: FEATURES } });
    const nullable = FEATURES.map((feature) => ({ ...feature, nullable: true, missing: MISSING[feature.name] }));
    await store.add('gappy', 'gaps', { manifest: { features: nullable } });
    const others = FEATURES.filter(({ name }) => name !== 'city');
    await store.add('towns', 'gaps', { manifest: { features: [...others, { name: 'city', values: NUMBERED }] } });
    await store.add('wrong', 'gaps', { manifest: { features: [...others, { name: 'city', values: ['a', 1] }] } });
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    await client.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const MISSING: Readonly<Record<string, unknown>> = { count: 9, flag: false };
  const CSV = { 'content-type': 'text/csv' };
  const csvOf = (row: object): string => `${Object.keys(row).join(',')}\n${Object.values(row).join(',')}\n`;
  const predict = (row: object, model = 'visits'): Promise<ClientResponse> => {
    return client.post(`/models/${model}/predict`, row);
  };
  const predictCsv = (row: object): Promise<ClientResponse> => {
    return client.request('POST', '/models/visits/predict', { raw: csvOf(row), headers: CSV });
  };

  it('take the listed values, by JSON, CSV, form and job', async () => {
    const expected = [{ weight_out: 70.5, count_out: 2, city_out: 'Busan' }];
    expect((await predict(ROW)).body.predictions).toMatchObject(expected);
    expect((await predictCsv({ ...ROW, city: ' Busan ' })).body.predictions).toMatchObject(expected);
    const texts = Object.fromEntries(Object.entries(ROW).map(([name, value]) => [name, String(value)]));
    expect((await client.submit('/models/visits/predict', texts)).body.predictions).toMatchObject(expected);
    const { id } = await createJob(client, csvOf(ROW), { model: 'visits' });
    expect(await resultOf(client, id)).toMatchObject(expected);
    expect((await predictCsv({ ...ROW, city: 3 })).body.predictions).toMatchObject([{ city_out: '3' }]);
  });

  it('list them in the error about any other value', async () => {
    const cases: [object, string, string][] = [
      [{ city: 'Jeju' }, 'choice', 'city must be one of Seoul, Busan, 3'],
      [{ city: 'seoul' }, 'choice', 'city must be one of Seoul, Busan, 3'],
      [{ city: '' }, 'choice', 'city must be one of Seoul, Busan, 3; where it may be missing, set "nullable": true'],
      [{ city: 3 }, 'text', 'city must be one of Seoul, Busan, 3; write it as text: "3"'],
      [{ count: 4 }, 'choice', 'count must be one of 1, 2, 3'],
      [{ count: '1' }, 'integer', 'count must be one of 1, 2, 3'],
      [{ weight: 60 }, 'choice', 'weight must be one of 50.5, 70.5'],
    ];
    for (const [change, type, message] of cases) {
      const { status, body } = await predict({ ...ROW, ...change });
      expect([status, body.errors]).toEqual([
        422,
        [{ location: ['body', Object.keys(change)[0]], type, message: expect.stringContaining(message) }],
      ]);
    }
    const line = [{ location: ['body', 'file', 2, 'city'], type: 'choice' }];
    expect((await predictCsv({ ...ROW, city: 'Jeju' })).body.errors).toMatchObject(line);
    const job = await sendJob(client, csvOf({ ...ROW, city: 'Jeju' }), { model: 'visits' });
    expect(job.body.errors).toMatchObject(line);
  });

  it('list at most 20 of them', async () => {
    const { body } = await predict({ ...ROW, city: 'Jeju' }, 'towns');
    expect(body.errors[0].message).toBe(`city must be one of ${NUMBERED.slice(0, 20).join(', ')}, …`);
    expect((await predict({ ...ROW, city: 'town 30' }, 'towns')).status).toBe(200);
  });

  it('are not bound to the list where the value is missing', async () => {
    expect((await predict({}, 'gappy')).body.predictions).toMatchObject([{ count_out: 9, city_out: '' }]);
    const { body } = await predict({ ...ROW, count: 9, city: 'Jeju' }, 'gappy');
    expect(body.errors).toMatchObject([
      { type: 'choice', message: 'count must be one of 1, 2, 3, or null' },
      { type: 'choice', message: 'city must be one of Seoul, Busan, 3, or null' },
    ]);
  });

  it('are enumerations in the schemas of the model and of the API', async () => {
    expect((await client.get('/models/visits')).body.input.properties).toMatchObject({
      weight: { type: 'number', enum: [50.5, 70.5] },
      count: { type: 'integer', enum: [1, 2, 3] },
      city: { type: 'string', enum: ['Seoul', 'Busan', '3'] },
    });
    expect((await client.get('/models/gappy')).body.input.properties.city).toEqual({
      type: ['string', 'null'],
      enum: ['Seoul', 'Busan', '3', null],
    });
    const { body: document } = await client.get('/openapi.json');
    expect(document.components.schemas['gappy.row'].properties.city).toEqual({
      type: 'string',
      enum: ['Seoul', 'Busan', '3', null],
      nullable: true,
    });
  });

  it('are a choice in the form of the page, with an empty one where the value may be missing', async () => {
    const optionsOf = (text: string, name: string): string[] => {
      const [select = ''] = new RegExp(`<select[^>]* name="${name}".*?</select>`, 's').exec(text) ?? [];
      return [...select.matchAll(/<option value="([^"]*)"/g)].map(([, value]) => value!);
    };
    const { text } = await client.get('/models/visits', page);
    expect(optionsOf(text, 'count')).toEqual(['1', '2', '3']);
    expect(optionsOf(text, 'city')).toEqual(['Seoul', 'Busan', '3']);
    const { text: gappy } = await client.get('/models/gappy', page);
    expect(optionsOf(gappy, 'count')).toEqual(['', '1', '2', '3']);
    const sent = { age: '', weight: '', half: '', count: '3', flag: '', city: '' };
    const answer = await client.submit('/models/gappy/predict', sent, page);
    expect([answer.status, optionsOf(answer.text, 'count')]).toEqual([200, ['', '1', '2', '3']]);
  });

  it('prove with different rows of listed values that rows may run together', async () => {
    expect((await client.get('/models/visits')).body.batching).toMatchObject({ enabled: true });
  });

  it('make a model fail whose list does not fit its input', async () => {
    const { body } = await client.get('/models/wrong');
    expect(body.state).toBe('failed');
    expect(body.reason).toContain('city.values.1 must be well-formed text without NUL; write it as text: "1"');
  });
});
