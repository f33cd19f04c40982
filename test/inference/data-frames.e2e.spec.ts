import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ClientResponse } from '../support/client.js';
import { addMenu } from '../support/menus.js';
import { TestModelStore } from '../support/model-store.js';
import { createJob, finishedJob, irisRows, predictionsOf, resultOf, sendJob } from '../support/prediction-jobs.js';
import { ROOT } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const JSON_BODY = { 'content-type': 'application/json' };
const ROWS = irisRows(5);
const COLUMNS = Object.keys(ROWS[0]!);
const LISTS = ROWS.map((row) => Object.values(row) as number[]);
/** As `DataFrame.to_json` and `DataFrame.to_dict` of pandas write the members, and in another order of the columns. */
const TO_JSON = { columns: COLUMNS, index: ROWS.map((_, row) => row), data: LISTS };
const TO_DICT = { index: ['p', 'q', 'r', 's', 't'], columns: COLUMNS, data: LISTS };
const REVERSED = { columns: [...COLUMNS].reverse(), data: LISTS.map((values) => [...values].reverse()) };

const BODIES: [string, object][] = [
  ['dataframe_split of to_json', { dataframe_split: TO_JSON }],
  ['dataframe_split of to_dict', { dataframe_split: TO_DICT }],
  ['dataframe_split without an index, in another order', { dataframe_split: REVERSED }],
  ['dataframe_records', { dataframe_records: ROWS }],
  ['instances', { instances: ROWS }],
  ['instances of lists', { instances: LISTS }],
  ['inputs of lists', { inputs: LISTS }],
  ['inputs of objects', { inputs: ROWS }],
  ['instances of both', { instances: [ROWS[0], ...LISTS.slice(1)] }],
];

describe('rows as data frames and lists', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await cp(join(ROOT, 'models/demand'), join(store.path, 'demand'), { recursive: true });
    await store.add('sum', 'sum');
    await store.add('kinds', 'kinds');
    await store.addTwoVersions('pair');
    const features = [{ name: 'inputs' }, { name: 'dataframe_split' }];
    await store.add('sly', 'sum', { manifest: { features, output: { value: 'sum' } } });
    await store.add('nullable', 'sum', {
      manifest: { features: [{ name: 'a', nullable: true, missing: 40 }, { name: 'b' }], output: { value: 'sum' } },
    });
    app = await startTestApp({ MODELS_DIR: store.path, PREDICT_MAX_ROWS: '1000' });
    client = app.client();
    await client.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const predict = (body: unknown, model = 'iris'): Promise<ClientResponse> =>
    client.post(`/models/${model}/predict`, body);

  async function errorsOf(body: unknown, model?: string): Promise<[string, string][]> {
    const response = await predict(body, model);
    expect(response.status).toBe(422);
    const errors = response.body.errors as { location: unknown[]; message: string }[];
    return errors.map(({ location, message }) => [location.join('.'), message]);
  }

  describe.each(BODIES)('in %s', (_, body) => {
    it('are answered in order, by every address', async () => {
      const expected = await predictionsOf(client, ROWS);
      const { status, body: answer } = await predict(body);
      expect(status).toBe(200);
      expect(answer.predictions).toEqual(expected.map((line) => expect.objectContaining(withoutRow(line))));
      const byVersion = await client.post('/models/iris/versions/1/predict', body);
      expect(byVersion.body.predictions).toEqual(answer.predictions);
      const short = await client.post('/predict', body);
      expect(short.body.result).toEqual((answer.predictions as { index: number }[]).map(({ index }) => index));
    });

    it('are answered as a JSON file, and as a job', async () => {
      const expected = await predictionsOf(client, ROWS);
      const raw = JSON.stringify(body);
      const form = new FormData();
      form.append('file', new Blob([raw], { type: 'application/json' }), 'rows.json');
      const { body: answer } = await client.request('POST', '/models/iris/predict', { raw: form });
      expect(answer.predictions).toEqual(expected.map(withoutRow));
      const { id } = await createJob(client, raw, { headers: JSON_BODY });
      expect(await resultOf(client, id)).toEqual(expected);
    });
  });

  it('are answered as an array of lists by /predict and by a job', async () => {
    const expected = await predictionsOf(client, ROWS);
    const { body } = await client.post('/predict', LISTS);
    expect(body.result).toEqual(expected.map((line) => (line as { index: number }).index));
    const { id } = await createJob(client, JSON.stringify(LISTS), { headers: JSON_BODY });
    expect(await resultOf(client, id)).toEqual(expected);
  });

  it('keep the columns of a data frame in the CSV result of a job', async () => {
    const { id } = await createJob(client, JSON.stringify({ dataframe_split: REVERSED }), { headers: JSON_BODY });
    await finishedJob(client, id);
    const { text } = await client.get(`/jobs/${id}/result?format=csv`);
    const [header = '', first = ''] = text.split('\r\n').flatMap((line) => line.split('\n'));
    expect(header.split(',').slice(0, 4)).toEqual(REVERSED.columns);
    expect(first.split(',').slice(0, 4).map(Number)).toEqual(REVERSED.data[0]);
  });

  it('keep extra columns of a data frame on request: ignored in predictions, repeated in the result of a job', async () => {
    const expected = await predictionsOf(client, ROWS);
    const split = { columns: ['id', ...COLUMNS], data: LISTS.map((values, row) => [`c-${row}`, ...values]) };
    expect(await errorsOf({ dataframe_split: split })).toEqual([
      ['body.dataframe_split.columns.id', expect.stringMatching(/^id is not a known column; known: .*; \?extra=keep/)],
    ]);
    const { body } = await client.post('/models/iris/predict?extra=keep', { dataframe_split: split });
    expect(body.predictions).toEqual(expected.map(withoutRow));
    const job = await client.post('/models/iris/jobs?extra=keep', { dataframe_split: split });
    expect(job.status).toBe(202);
    const lines = await resultOf(client, job.body.id as string);
    expect(lines).toEqual(expected.map((line, row) => ({ ...line, id: `c-${row}` })));
    const { text } = await client.get(`/jobs/${job.body.id}/result?format=csv`);
    expect(text).toMatch(/^id,sepal_length,.*\r?\nc-0,/);
    const unknown = { dataframe_split: { columns: ['id'], data: [[1]] } };
    expect((await client.post('/models/iris/predict?extra=keep', unknown)).status).toBe(422);
  });

  it('may leave out columns with a default, and be missing where that is allowed', async () => {
    const table = { columns: ['a'], data: [[1], [2]] };
    expect((await predict({ dataframe_split: table }, 'pair')).body.predictions).toHaveLength(2);
    const missing = {
      columns: ['b', 'a'],
      data: [
        [1, null],
        [1, 2],
      ],
    };
    const { body } = await predict({ dataframe_split: missing }, 'nullable');
    expect(body.predictions).toEqual([{ value: 41 }, { value: 3 }]);
    const { body: lists } = await predict({ inputs: [[null, 1]] }, 'nullable');
    expect(lists.predictions).toEqual([{ value: 41 }]);
  });

  it('are the whole value of a model without features', async () => {
    for (const body of [
      {
        inputs: [
          [1, 2],
          [3, 4],
        ],
      },
      { instances: [[1, 2], { x: [3, 4] }] },
    ]) {
      expect((await predict(body, 'sum')).body.predictions).toEqual([{ sum: 3 }, { sum: 7 }]);
    }
    const table = { columns: ['x'], data: [[[1, 2]], [[3, 4]]] };
    expect((await predict({ dataframe_split: table }, 'sum')).body.predictions).toEqual([{ sum: 3 }, { sum: 7 }]);
  });

  it('are never taken for the fields of a model that have such names', async () => {
    const row = { inputs: 1, dataframe_split: 2 };
    expect((await predict(row, 'sly')).body.predictions).toEqual([{ value: 3 }]);
    expect((await predict({ instances: [row, [3, 4]] }, 'sly')).body.predictions).toEqual([{ value: 3 }, { value: 7 }]);
    expect(await errorsOf({ inputs: [[1, 2]], dataframe_split: 2 }, 'sly')).toEqual([
      ['body.inputs', expect.stringContaining('must be a finite number')],
    ]);
    const { id } = await createJob(client, JSON.stringify(row), { model: 'sly', headers: JSON_BODY });
    expect(await resultOf(client, id)).toEqual([{ row: 0, value: 3 }]);
  });

  it('are refused as lists by a model of several inputs, of which none is the first', async () => {
    const [[location, message] = ['', '']] = await errorsOf({ inputs: [[1, 2, 3]] }, 'kinds');
    expect(location).toBe('body.inputs.0');
    expect(message).toContain('must be an object with');
  });

  it('are inputs of a pipeline too, if they have names', async () => {
    const { id: menuId } = await addMenu(client, { name: 'Latte' });
    const split = { dataframe_split: { columns: ['menuId'], data: [[menuId], [menuId]] } };
    const { status, body } = await predict(split, 'demand');
    expect([status, body.predictions?.length]).toEqual([200, 2]);
    expect(await errorsOf({ dataframe_split: { columns: ['menu'], data: [[menuId]] } }, 'demand')).toEqual([
      ['body.dataframe_split.columns.menuId', 'menuId is required as a column'],
      ['body.dataframe_split.columns.menu', expect.stringContaining('menu is not a known column; known: menuId')],
    ]);
    expect(await errorsOf({ inputs: [[menuId]] }, 'demand')).toEqual([
      ['body.inputs.0', expect.stringContaining('must be an object')],
    ]);
  });

  describe('with errors', () => {
    const [first, ...others] = LISTS as [number[], ...number[][]];

    it.each<[string, unknown, [string, unknown][]]>([
      [
        'a value that is no number',
        { dataframe_split: { columns: COLUMNS, data: [first, first, first, [...first.slice(0, 3), 'wide']] } },
        [['body.dataframe_split.data.3.petal_width', expect.stringContaining('must be a finite number')]],
      ],
      [
        'null where nothing may be missing',
        { dataframe_split: { columns: COLUMNS, data: [[null, ...first.slice(1)]] } },
        [['body.dataframe_split.data.0.sepal_length', expect.stringContaining('sepal_length')]],
      ],
      [
        'a missing and an unknown column',
        { dataframe_split: { columns: ['id', ...COLUMNS.slice(1)], data: [first] } },
        [
          ['body.dataframe_split.columns.sepal_length', 'sepal_length is required as a column'],
          ['body.dataframe_split.columns.id', expect.stringContaining('id is not a known column')],
        ],
      ],
      [
        'a row of another length',
        { dataframe_split: { columns: COLUMNS, data: [first, [1]] } },
        [['body.dataframe_split.data.1', expect.stringContaining('must be a list of 4 values: sepal_length,')]],
      ],
      [
        'an index of another length',
        { dataframe_split: { ...TO_JSON, index: [0] } },
        [['body.dataframe_split.index', expect.stringContaining('each of the 5 rows')]],
      ],
      [
        'no rows',
        { dataframe_split: { columns: COLUMNS, data: [] } },
        [['body.dataframe_split.data', expect.any(String)]],
      ],
      [
        'a list of another length',
        { inputs: [first, [1, 2, 3]] },
        [
          [
            'body.inputs.1',
            'inputs.1 must be a list of 4 values: sepal_length, sepal_width, petal_length, petal_width',
          ],
        ],
      ],
      [
        'a value of a list that is no number',
        { instances: [first, ['long', ...first.slice(1)]] },
        [['body.instances.1.sepal_length', expect.stringContaining('must be a finite number')]],
      ],
      [
        'a column in place of rows',
        { inputs: { sepal_length: [1] } },
        [['body.inputs', expect.stringContaining('array')]],
      ],
      [
        'something beside the rows',
        { inputs: others, params: {} },
        [['body.params', expect.stringContaining('known: inputs')]],
      ],
      ['two kinds of rows', { instances: ROWS, inputs: LISTS }, [['body.inputs', expect.any(String)]]],
    ])('are refused with the place of %s, at once and as a job', async (_, body, errors) => {
      expect(await errorsOf(body)).toEqual(errors);
      const job = await sendJob(client, JSON.stringify(body), { headers: JSON_BODY });
      expect([422, 400]).toContain(job.status);
    });

    it('name the row and the column in a job that skips them', async () => {
      const data = [first, [1], [...first.slice(0, 3), 'wide']];
      const raw = JSON.stringify({ dataframe_split: { columns: COLUMNS, data } });
      const { id } = await createJob(client, raw, { headers: JSON_BODY, onError: 'skip' });
      const lines = await resultOf(client, id);
      expect(
        lines.map(({ error }) => (error as { errors: { location: unknown[] }[] } | undefined)?.errors[0]?.location),
      ).toEqual([
        undefined,
        ['body', 'dataframe_split', 'data', 1],
        ['body', 'dataframe_split', 'data', 2, 'petal_width'],
      ]);
    });

    it('are refused if there are too many rows', async () => {
      const many = Array<number[]>(1_001).fill(first);
      for (const body of [{ inputs: many }, { dataframe_split: { columns: COLUMNS, data: many } }]) {
        expect((await predict(body)).status).toBe(413);
      }
      expect((await predict({ inputs: many.slice(1) })).status).toBe(200);
    });
  });

  it('are described in the OpenAPI document', async () => {
    const { paths } = (await client.get('/openapi.json')).body;
    const membersOf = (path: string): string[] =>
      (paths[path].post.requestBody.content['application/json'].schema.oneOf as { required?: string[] }[]).flatMap(
        ({ required = [] }) => required,
      );
    expect(membersOf('/models/iris/predict')).toEqual(['instances', 'inputs', 'dataframe_records', 'dataframe_split']);
    expect(membersOf('/models/sly/predict')).toEqual(['instances', 'dataframe_records']);
    expect(membersOf('/predict')).toEqual(['instances', 'inputs', 'dataframe_records', 'dataframe_split']);
    const text = JSON.stringify(paths['/models/iris/predict']);
    expect(text).toContain('In this order: sepal_length, sepal_width, petal_length, petal_width');
    expect(JSON.stringify(paths['/models/{name}/jobs'])).toContain('dataframe_split');
  });
});

function withoutRow(line: object): object {
  return Object.fromEntries(Object.entries(line).filter(([name]) => name !== 'row'));
}
