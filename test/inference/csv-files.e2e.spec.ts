import type { Client, ClientResponse } from '../support/client.js';
import { MULTIPART, multipart } from '../support/forms.js';
import { TestModelStore } from '../support/model-store.js';
import { resultOf } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** `아메리카노` in CP949. */
const AMERICANO = Buffer.from('bec6b8deb8aec4abb3eb', 'hex');
const cp949 = (head: string, tail: string): Buffer => Buffer.concat([Buffer.from(head), AMERICANO, Buffer.from(tail)]);

const ROW = '"[[1,2,3],[4,5,6]]"';
const fileWith = (delimiter: string, word: string, number = '1.5'): string =>
  [
    ['number', 'count', 'word', 'flag', 'grid'],
    [number, '3', word, 'True', ROW],
  ]
    .map((cells) => `${cells.join(delimiter)}\n`)
    .join('');
const plain = (word: string): string => fileWith(',', word);
const withSemicolons = (word: string): string => fileWith(';', word);

describe('Files as spreadsheets write them', () => {
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

  type Door = (raw: string | Buffer, type: string, query?: string) => Promise<ClientResponse>;
  const toForm = (content: string | Buffer, type: string): Buffer =>
    multipart([{ name: 'file', filename: 'rows', type, content }]);
  const post = (path: string, raw: string | Buffer, type: string): Promise<ClientResponse> =>
    client.request('POST', path, { raw, headers: { 'content-type': type } });

  const doors: readonly [string, Door][] = [
    ['a body', (raw, type, query = '') => post(`/models/kinds/predict${query}`, raw, type)],
    [
      'a form',
      (raw, type, query = '') => post(`/models/kinds/predict${query}`, toForm(raw, type), MULTIPART['content-type']),
    ],
    ['a job', (raw, type, query = '') => post(`/models/kinds/jobs${query}`, raw, type)],
    [
      'a form of a job',
      (raw, type, query = '') => post(`/models/kinds/jobs${query}`, toForm(raw, type), MULTIPART['content-type']),
    ],
  ];

  /** The first prediction of a response, or of the job that it has started. */
  async function firstOf({ status, body }: ClientResponse): Promise<unknown> {
    if (status === 202) return (await resultOf(client, body.id))[0];
    return status === 200 ? body.predictions[0] : body;
  }

  describe.each(doors)('sent as %s', (_, send) => {
    it.each([
      ['in CP949', cp949('number,count,word,flag,grid\n1.5,3,', `,True,${ROW}\n`), 'text/csv; charset=cp949'],
      ['in EUC-KR, quoted', cp949('number,count,word,flag,grid\n1.5,3,', `,1,${ROW}\n`), 'text/csv;charset="EUC-KR"'],
      ['in UTF-16', Buffer.from(`\ufeff${plain('아메리카노')}`, 'utf16le'), 'text/csv'],
      ['with semicolons', withSemicolons('아메리카노'), 'text/csv'],
      ['with tabs', fileWith('\t', '아메리카노'), 'text/tab-separated-values'],
      ['with pipes', fileWith('|', '아메리카노'), 'application/csv'],
      [
        'with a line for Excel',
        `\ufeffsep=;\r\n${withSemicolons('아메리카노').replaceAll('\n', '\r\n')}`,
        'application/vnd.ms-excel',
      ],
      ['by an old name', plain('아메리카노'), 'text/x-csv'],
    ])('are read %s', async (__, raw, type) => {
      expect(await firstOf(await send(raw, type))).toMatchObject({
        number_out: 1.5,
        count_out: 3,
        word_out: '아메리카노',
        flag_out: true,
      });
    });

    it.each(['%3B', ';'])('are split at the delimiter of the query: %s', async (delimiter) => {
      const response = await send(withSemicolons('a,b,c,d,e,f,g,h'), 'text/csv', `?delimiter=${delimiter}`);
      expect(await firstOf(response)).toMatchObject({ word_out: 'a,b,c,d,e,f,g,h' });
    });

    it.each(['tab', '%5Ct', '\\t', '%09'])('are split at tabs: ?delimiter=%s', async (delimiter) => {
      const response = await send(fileWith('\t', 'a'), 'text/csv', `?delimiter=${delimiter}`);
      expect(await firstOf(response)).toMatchObject({ word_out: 'a' });
    });

    it('are refused with a delimiter that is none, or in a delimiter that they do not have', async () => {
      for (const query of ['?delimiter=:', '?delimiter=', '?delimiter=;&delimiter=,']) {
        expect(await send(plain('a'), 'text/csv', query)).toMatchObject({
          status: 422,
          body: { errors: [{ location: ['query', 'delimiter'] }] },
        });
      }
      expect((await send(plain('a'), 'text/csv', '?delimiter=;')).status).toBe(422);
    });

    it('are refused in an encoding that they do not have, with the hint to name it', async () => {
      const raw = cp949('number,count,word,flag,grid\n1.5,3,', `,True,${ROW}\n`);
      expect(await send(raw, 'text/csv')).toMatchObject({
        status: 422,
        body: { errors: [{ location: ['body', 'file', 2], message: expect.stringContaining('charset=cp949') }] },
      });
      expect((await send(raw, 'text/csv; charset=klingon')).status).toBe(415);
    });

    it('say how to write a number that has a comma', async () => {
      const { status, body } = await send(fileWith(';', 'a', '1,5'), 'text/csv');
      expect([status, body.errors]).toMatchObject([
        422,
        [{ location: ['body', 'file', 2, 'number'], message: expect.stringContaining('decimals with a point') }],
      ]);
    });
  });

  it('are joined in one job, each in its own encoding, and counted line by line', async () => {
    const files = [
      { type: 'text/csv; charset=cp949', content: cp949('sep=;\nnumber;count;word;flag;grid\n1;1;', `;0;${ROW}\n`) },
      {
        type: 'text/csv',
        content: Buffer.from(`\ufeffsep=;\nnumber;count;word;flag;grid\n2;2;라떼;0;${ROW}`, 'utf16le'),
      },
      {
        type: 'text/csv',
        content: `\ufeffsep=;\r\nnumber;count;word;flag;grid\r\n3;3;c;0;${ROW}\r\n4;x;d;0;${ROW}\r\n`,
      },
    ];
    const form = multipart(files.map((file, index) => ({ name: 'file', filename: `${index}.csv`, ...file })));
    const { body } = await post('/models/kinds/jobs?onError=skip', form, MULTIPART['content-type']);
    expect(await resultOf(client, body.id)).toMatchObject([
      { word_out: '아메리카노' },
      { word_out: '라떼' },
      { word_out: 'c' },
      { error: { errors: [{ location: ['body', 'file', 10, 'count'] }] } },
    ]);
  });

  it('give a CSV result with commas in UTF-8', async () => {
    const { body } = await post('/models/kinds/jobs', withSemicolons('a,b'), 'text/csv');
    await resultOf(client, body.id);
    const { text } = await client.get(`/jobs/${body.id}/result?format=csv`);
    expect(text.split('\n')[1]).toBe(`1.5,3,"a,b",True,${ROW},1.5,3,"a,b",true,${ROW}`);
  });

  it('are documented with their delimiter', async () => {
    const { body } = await client.get('/openapi.json');
    for (const path of [
      '/predict',
      '/models/{name}/predict',
      '/models/kinds/predict',
      '/models/{name}/jobs',
      '/menus/import',
    ]) {
      expect(body.paths[path].post.parameters).toContainEqual(
        expect.objectContaining({ name: 'delimiter', in: 'query', required: false }),
      );
    }
  });
});
