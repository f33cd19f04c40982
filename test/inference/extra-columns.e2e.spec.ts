import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ClientResponse } from '../support/client.js';
import { MULTIPART, multipart } from '../support/forms.js';
import { TestModelStore } from '../support/model-store.js';
import { resultOf } from '../support/prediction-jobs.js';
import { ROOT } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const CSV = 'text/csv';
const LINES = 'application/x-ndjson';
const HINT = expect.stringContaining('?extra=keep') as unknown;
const IRIS = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };
const HEADER = Object.keys(IRIS).join(',');
const CELLS = Object.values(IRIS).join(',');

describe('Columns that are no features', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('kinds', 'kinds');
    const features = [
      { name: 'a', default: 1 },
      { name: 'b', default: 2 },
    ];
    await store.add('optional', 'sum', { manifest: { features, output: { value: 'sum' } } });
    await store.add('plain', 'sum', { manifest: { features } });
    await cp(join(ROOT, 'models/demand'), join(store.path, 'demand'), { recursive: true });
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    await client.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const post = (path: string, raw: string | Buffer, type: string): Promise<ClientResponse> =>
    client.request('POST', path, { raw, headers: { 'content-type': type } });

  /** The lines of the result of a job, and its CSV. */
  async function runJob(
    model: string,
    raw: string | Buffer,
    type: string,
    query = '',
  ): Promise<[Record<string, unknown>[], string[]]> {
    const { status, body, text } = await post(`/models/${model}/jobs?extra=keep${query}`, raw, type);
    if (status !== 202) throw new Error(text);
    const lines = await resultOf(client, body.id);
    const csv = await client.get(`/jobs/${body.id}/result?format=csv`);
    return [lines, csv.text.trimEnd().split('\n')];
  }

  const bodies: readonly [string, string, string, readonly (string | number)[]][] = [
    ['CSV', `id,${HEADER}\na17,${CELLS}\n`, CSV, ['body', 'file', 1, 'id']],
    ['JSON lines', `${JSON.stringify({ id: 'a17', ...IRIS })}\n`, LINES, ['body', 'file', 0, 'id']],
    [
      'instances',
      JSON.stringify({ instances: [{ ...IRIS, id: 'a17' }] }),
      'application/json',
      ['body', 'instances', 0, 'id'],
    ],
    ['a row', JSON.stringify({ ...IRIS, id: 'a17' }), 'application/json', ['body', 'id']],
    [
      'a form',
      `id=a17&${new URLSearchParams(IRIS as never).toString()}`,
      'application/x-www-form-urlencoded',
      ['body', 'id'],
    ],
  ];

  describe.each(bodies)('in %s', (_, raw, type, location) => {
    it.each(['/models/iris/predict', '/models/iris/versions/1/predict', '/models/iris/jobs'])(
      'are refused by %s, with the hint to keep them',
      async (path) => {
        const { status, body } = await post(path, raw, type);
        expect(status).toBe(422);
        expect(body.errors).toHaveLength(1);
        expect(body.errors[0]).toMatchObject({ type: 'unknown', message: HINT });
        expect(body.errors[0].location.at(-1)).toBe(location.at(-1));
      },
    );

    it('are ignored by predictions where they are to be kept', async () => {
      const { body } = await client.post('/models/iris/predict', IRIS);
      for (const path of ['/models/iris/predict', '/models/iris/versions/1/predict']) {
        expect((await post(`${path}?extra=keep`, raw, type)).body.predictions).toEqual(body.predictions);
      }
    });

    it('travel through a job into its result', async () => {
      const { body } = await client.post('/models/iris/predict', IRIS);
      const [lines, [header, row]] = await runJob('iris', raw, type);
      expect(lines).toEqual([{ row: 0, id: 'a17', ...body.predictions[0] }]);
      const columns = header!.split(',');
      expect(columns.filter((column) => column === 'id')).toHaveLength(1);
      expect(row!.split(',')[columns.indexOf('id')]).toBe('a17');
      expect(row!.split(',')[columns.indexOf('label')]).toBe('virginica');
    });
  });

  it('are ignored by /predict, also in an array and in several files', async () => {
    expect((await post('/predict?extra=keep', JSON.stringify([{ ...IRIS, id: 1 }]), 'application/json')).body).toEqual({
      result: [2],
    });
    const files = ['a', 'b'].map((id) => ({
      name: 'file',
      filename: `${id}.csv`,
      content: `id,${HEADER}\n${id},${CELLS}\n`,
    }));
    expect((await post('/predict?extra=keep', multipart(files), MULTIPART['content-type'])).body).toEqual({
      result: [2, 2],
    });
  });

  it('may be the index of pandas', async () => {
    const file = `,${HEADER}\n0,${CELLS}\n1,${CELLS}\n`;
    for (const path of ['/models/iris/predict', '/models/iris/jobs']) {
      const { status, body } = await post(path, file, CSV);
      expect([status, body.errors]).toEqual([422, [{ location: ['body', 'file', 1], type: 'header', message: HINT }]]);
    }
    expect((await post('/models/iris/predict?extra=keep', file, CSV)).body.predictions).toHaveLength(2);
    const [lines, csv] = await runJob('iris', file, CSV);
    expect(lines.map((line) => line[''])).toEqual(['0', '1']);
    expect(csv[0]!.startsWith(`,${HEADER},label,`)).toBe(true);
    expect(csv[2]!.startsWith(`1,${CELLS},virginica,`)).toBe(true);
  });

  it('are given as input_… where results have names of their own', async () => {
    const file = `row,label,probability_setosa,index,${HEADER},id\n7,old,0.5,9,${CELLS},a\n`;
    const [[line], [header, row]] = await runJob('iris', file, CSV);
    expect(line).toMatchObject({
      row: 0,
      input_row: '7',
      input_label: 'old',
      input_index: '9',
      id: 'a',
      label: 'virginica',
    });
    expect(header).toBe(
      `input_row,input_label,input_probability_setosa,input_index,${HEADER},id,label,probability_setosa,probability_versicolor,probability_virginica`,
    );
    expect(row!.startsWith(`7,old,0.5,9,${CELLS},a,virginica,`)).toBe(true);
    const [[answer], csv] = await runJob('plain', 'a,b,sum,row\n1,2,x,y\n', CSV);
    expect(answer).toEqual({ row: 0, input_sum: 'x', input_row: 'y', sum: 3 });
    expect(csv).toEqual(['a,b,input_sum,input_row,sum', '1,2,x,y,3']);
  });

  it('keep their types and gaps in JSON lines, and each has a column in CSV', async () => {
    const rows = [
      { a: 1, b: 2, n: 1.5 },
      { a: 1, b: 2, tags: ['x', null] },
      { a: 1, b: 2, n: null, big: 9007199254740993n },
    ];
    const raw = rows
      .map(
        (row) => `${JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))}\n`,
      )
      .join('')
      .replace('9007199254740992', '9007199254740993');
    const [lines, csv] = await runJob('optional', raw, LINES);
    expect(lines).toMatchObject([{ n: 1.5, value: 3 }, { tags: ['x', null] }, { n: null }]);
    expect(csv).toEqual(['a,b,n,tags,big,value', '1,2,1.5,,,3', '1,2,,"[""x"",null]",,3', '1,2,,,9007199254740993,3']);
  });

  it('stay beside the errors of rows that are skipped, and empty where their cells are', async () => {
    const file = `id,${HEADER}\na,${CELLS}\nb,x,3.0,5.1,1.8\n,${CELLS}\nd\n`;
    const [lines, csv] = await runJob('iris', file, CSV, '&onError=skip');
    expect(lines).toMatchObject([{ id: 'a' }, { id: 'b', error: {} }, { id: '', label: 'virginica' }, { error: {} }]);
    expect(csv.map((row) => row.split(',')[0])).toEqual(['id', 'a', 'b', '', '']);
  });

  it('do not hide that a file or a row has none of the features', async () => {
    for (const path of ['/models/optional/predict', '/models/optional/jobs']) {
      expect((await post(`${path}?extra=keep`, 'A;B\n1;2\n', CSV)).status).toBe(422);
      expect((await post(`${path}?extra=keep`, '{"A":1}\n', LINES)).status).toBe(422);
      expect((await post(`${path}?extra=keep`, 'A,b\n1,2\n', CSV)).status).toBe(path.endsWith('jobs') ? 202 : 200);
    }
  });

  it('are those that the DTO of a pipeline does not name, and its response wins over them', async () => {
    const { body: menu } = await client.post('/menus', { name: 'Latte', price: 4500 });
    const file = `id,menuId,prepare\na17,${menu.id}.0,x\n`;
    expect((await post('/models/demand/predict', file, CSV)).body.errors).toMatchObject([
      { message: HINT },
      { message: HINT },
    ]);
    const { body: refused } = await client.post('/models/demand/predict', { menuId: menu.id, id: 'a17' });
    expect(refused.errors).toMatchObject([{ location: ['body', 'id'], message: HINT }]);
    expect((await post('/models/demand/predict?extra=keep', file, CSV)).body.predictions).toMatchObject([
      { menuId: menu.id },
    ]);
    const [[line], [header]] = await runJob('demand', file, CSV);
    expect(line).toMatchObject({ id: 'a17', input_prepare: 'x', menuId: menu.id, prepare: expect.any(Number) });
    expect(header).toBe('id,menuId,input_prepare,answer_menuId,hour,expected,prepare');
  });

  it('may come in any order, but none twice', async () => {
    const file = `petal_width,x,sepal_length,petal_length,sepal_width\n1.8,?,5.9,5.1,3.0\n`;
    expect((await post('/predict?extra=keep', file, CSV)).body).toEqual({ result: [2] });
    const { body } = await post('/predict?extra=keep', `id,${HEADER},id\n1,${CELLS},2\n`, CSV);
    expect(body.errors[0].message).toContain('two columns with the name id');
  });

  it.each(['?extra=drop', '?extra=', '?extra=keep&extra=keep', '?extr=keep', '?extra[]=keep'])(
    'are refused with %s',
    async (query) => {
      for (const path of ['/predict', '/models/iris/predict', '/models/iris/jobs']) {
        const { status, body } = await post(path + query, JSON.stringify(IRIS), 'application/json');
        expect([status, body.errors[0].location[0]]).toEqual([422, 'query']);
      }
    },
  );

  it('make another request of the same Idempotency-Key', async () => {
    const send = (query: string): Promise<ClientResponse> =>
      client.request('POST', `/models/iris/jobs${query}`, {
        raw: `${HEADER}\n${CELLS}\n`,
        headers: { 'content-type': CSV, 'idempotency-key': 'k' },
      });
    const first = await send('?extra=keep');
    expect((await send('?extra=keep')).body.id).toBe(first.body.id);
    expect((await send('')).body.code).toBe('job.idempotency-key-reused');
  });

  it('are documented', async () => {
    const { body } = await client.get('/openapi.json');
    for (const path of ['/predict', '/models/{name}/predict', '/models/iris/predict', '/models/{name}/jobs']) {
      const parameter = body.paths[path].post.parameters.find(({ name }: { name: string }) => name === 'extra');
      expect(parameter).toMatchObject({ in: 'query', required: false, schema: { enum: ['keep'] } });
    }
  });
});
