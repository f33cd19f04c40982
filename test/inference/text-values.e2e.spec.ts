import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { createJob, resultOf } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

type Texts = Readonly<Record<string, string>>;

/** A valid row of the model `kinds`, which answers with its inputs. */
const ROW: Texts = { number: '1.5', count: '3', word: 'a', flag: 'true', grid: '[[1,2,3],[4,5,6]]' };

describe('Texts as pandas and spreadsheets write values', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.add('kinds', 'kinds');
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    await client.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const csvOf = (row: Texts): string => `${Object.keys(row).join(',')}\n${Object.values(row).map(quote).join(',')}\n`;

  /** The status, and the prediction or the errors, of a row sent as a CSV, as a form and as a job. */
  const doors: readonly [string, (row: Texts) => Promise<unknown>][] = [
    [
      'CSV',
      async (row) => {
        const headers = { 'content-type': 'text/csv' };
        const { body, text } = await client.request('POST', '/models/kinds/predict', { raw: csvOf(row), headers });
        return text.includes('9007199254740993') ? text : (body.predictions?.[0] ?? body.errors);
      },
    ],
    [
      'a form',
      async (row) => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const raw = new URLSearchParams(row).toString();
        const { body, text } = await client.request('POST', '/models/kinds/predict', { raw, headers });
        return text.includes('9007199254740993') ? text : (body.predictions?.[0] ?? body.errors);
      },
    ],
    [
      'a job',
      async (row) => {
        const { id } = await createJob(client, csvOf(row), { model: 'kinds', onError: 'skip' });
        const [line] = await resultOf(client, id);
        const { text } = await client.get(`/jobs/${id}/result`);
        if (text.includes('9007199254740993')) return text;
        return (line?.error as { errors: unknown } | undefined)?.errors ?? line;
      },
    ],
  ];

  describe.each(doors)('in %s', (_, send) => {
    it.each([
      ['flag', 'True', true],
      ['flag', 'TRUE', true],
      ['flag', '1', true],
      ['flag', ' true ', true],
      ['flag', 'False', false],
      ['flag', 'FALSE', false],
      ['flag', '0', false],
      ['count', '4500.0', 4500],
      ['count', '4.5E+03', 4500],
      ['count', '+4500', 4500],
      ['count', ' -7 ', -7],
      ['number', ' 2.5', 2.5],
      ['number', '+2.5E-01', 0.25],
      ['word', ' a ', ' a '],
      ['word', 'True', 'True'],
      ['word', '4500.0', '4500.0'],
      [
        'grid',
        '[[1. 2. 3.]\n [4. 5. 6.]]',
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
    ])('%s may be written %j', async (name, text, expected) => {
      expect(await send({ ...ROW, [name]: text })).toMatchObject({ [`${name}_out`]: expected });
    });

    it('whole numbers keep all digits of 64 bits', async () => {
      expect(await send({ ...ROW, count: '9007199254740993.0' })).toContain('"count_out":9007199254740993,');
    });

    it.each([
      ['flag', 'yes', 'must be true or false'],
      ['count', '4500.5', 'must be an integer'],
      ['count', '9007199254740993.5', 'must be an integer'],
      ['count', '9223372036854775808', 'must be an integer'],
      ['number', '1,5', 'decimals with a point'],
      ['grid', '1,2,3,4,5,6', 'as JSON, such as [1, 2]'],
      ['grid', '[1,2,3,4,5,6]', 'must be an array of 2 values'],
    ])('%s may not be written %j', async (name, text, words) => {
      expect(await send({ ...ROW, [name]: text })).toMatchObject([{ message: expect.stringContaining(words) }]);
    });
  });
});
