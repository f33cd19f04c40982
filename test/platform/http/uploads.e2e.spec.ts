import { gzipSync } from 'node:zlib';
import type { ClientResponse, Client } from '../../support/client.js';
import { csvForm, MULTIPART, multipart, type Part } from '../../support/forms.js';
import { TestModelStore } from '../../support/model-store.js';
import { OpenApiDocument } from '../../support/openapi-document.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const HEADER = 'sepal_length,sepal_width,petal_length,petal_width\n';
const VIRGINICA = '5.9,3.0,5.1,1.8\n';
const SETOSA = '5.1,3.5,1.4,0.2\n';
const CSV = { 'content-type': 'text/csv' };
const IRIS = '/models/iris/predict';

describe('uploads', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    const features = [{ name: 'a' }, { name: 'b', default: 10 }];
    await store.add('sums', 'sum', { manifest: { features, output: { value: 'sum' } } });
    const limits = { PREDICT_LIMIT_MB: '1', PREDICT_MAX_ROWS: '1000' };
    app = await startTestApp({ MODELS_DIR: store.path, ...limits });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const send = (
    path: string,
    raw: string | Buffer | FormData,
    headers: Record<string, string> = {},
  ): Promise<ClientResponse> => client.request('POST', path, { raw, headers });
  const sendForm = (path: string, ...parts: Part[]): Promise<ClientResponse> => send(path, multipart(parts), MULTIPART);
  const labels = ({ body }: ClientResponse): string[] => body.predictions.map(({ label }: { label: string }) => label);
  const errors = ({ status, body }: ClientResponse): unknown => [
    status,
    ...body.errors.map(({ location, type }: { location: unknown; type: string }) => [location, type]),
  ];

  describe('of rows for predictions', () => {
    it('give the same predictions as JSON, from a browser form, from a curl form, and as a raw body', async () => {
      const form = new FormData();
      form.append('file', new Blob([HEADER + VIRGINICA + SETOSA]), 'flowers.csv');
      const { body: expected } = await client.post(IRIS, {
        instances: [VIRGINICA, SETOSA].map((line) => {
          const [sepal_length, sepal_width, petal_length, petal_width] = line.split(',').map(Number);
          return { sepal_length, sepal_width, petal_length, petal_width };
        }),
      });
      for (const answer of [
        await send(IRIS, form),
        await send(IRIS, HEADER + VIRGINICA + SETOSA, CSV),
        await send(IRIS, gzipSync(HEADER + VIRGINICA + SETOSA), { ...CSV, 'content-encoding': 'gzip' }),
        await send('/models/iris/versions/1/predict', csvForm(HEADER + VIRGINICA + SETOSA), MULTIPART),
      ]) {
        expect(answer).toMatchObject({ status: 200, body: expected });
      }
      expect((await send('/predict', csvForm(HEADER + VIRGINICA + SETOSA), MULTIPART)).body).toEqual({
        result: [2, 0],
      });
    });

    it('may be several files of different formats, whose rows are predicted in their order', async () => {
      const row = JSON.stringify({ sepal_length: 5.9, sepal_width: 3, petal_length: 5.1, petal_width: 1.8 });
      const answer = await sendForm(
        IRIS,
        { name: 'file', filename: 'a.csv', content: HEADER + SETOSA },
        { name: 'file', filename: 'b.jsonl', content: `${row}\n${row}\n` },
        { name: 'file', filename: 'c.json', content: `[${row}]` },
        { name: 'file', type: 'application/json', content: `{"instances":[${row}]}` },
        { name: 'file', filename: 'd', type: 'text/csv', content: HEADER + SETOSA },
      );
      expect(labels(answer)).toEqual(['setosa', 'virginica', 'virginica', 'virginica', 'virginica', 'setosa']);
      const lines = await send(IRIS, `${row}\n`, { 'content-type': 'application/x-ndjson' });
      expect(labels(lines)).toEqual(['virginica']);
    });

    it('are rejected with the line and the column of each invalid cell', async () => {
      const file = `${HEADER}${SETOSA}\n1,x,3,4\n"5",,7,1e99\n1,2,3\n`;
      expect(errors(await send(IRIS, file.replace('1,2,3\n', ''), CSV))).toEqual([
        422,
        [['body', 'file', 4, 'sepal_width'], 'number'],
        [['body', 'file', 5, 'sepal_width'], 'missing'],
        [['body', 'file', 5, 'petal_width'], expect.any(String)],
      ]);
      expect(errors(await send(IRIS, file, CSV))).toEqual([422, [['body', 'file', 6], 'columns']]);
    });

    it('use the default of a feature for an empty cell', async () => {
      const { body } = await send('/models/sums/predict', 'a,b\n1,2\n1,\n', CSV);
      expect(body.predictions).toEqual([{ value: 3 }, { value: 11 }]);
      expect((await send('/models/sums/predict', 'a\n1\n', CSV)).body.predictions).toEqual([{ value: 11 }]);
    });

    it('are rejected with one error for each missing or unknown column, at the header', async () => {
      const answer = await send('/models/sums/predict', `b,c\n${'1,2\n'.repeat(500)}`, CSV);
      expect(errors(answer)).toEqual([
        422,
        [['body', 'file', 1, 'a'], 'missing'],
        [['body', 'file', 1, 'c'], 'unknown'],
      ]);
    });

    it('are rejected with the name of the invalid file among several', async () => {
      const good = { name: 'file', filename: 'good.csv', content: 'a\n1\n' };
      for (const content of ['a\nx\n', 'a\n1,2\n', 'x\n1\n']) {
        const { status, body } = await sendForm('/models/sums/predict', good, {
          ...good,
          filename: 'bad.csv',
          content,
        });
        expect(status).toBe(422);
        expect(body.errors[0].message).toMatch(/^bad\.csv: /);
      }
    });

    it.each([
      ['no file', [], 422],
      ['another field', [{ name: 'model', content: 'iris' }], 422],
      ['a file in another field', [{ name: 'upload', filename: 'a.csv', content: 'a\n1\n' }], 422],
      ['the empty part of a browser without a chosen file', [{ name: 'file', filename: '', content: '' }], 422],
      ['an empty file', [{ name: 'file', filename: 'a.csv', content: '' }], 422],
      ['only a header', [{ name: 'file', filename: 'a.csv', content: 'a\n' }], 422],
      ['an HTML page named .csv', [{ name: 'file', filename: 'a.csv', content: '<!doctype html>\n<p>x' }], 422],
      ['a file of an unknown format', [{ name: 'file', filename: 'a.xlsx', content: 'PK' }], 415],
      ['a picture', [{ name: 'file', filename: 'a.png', type: 'image/png', content: 'x' }], 415],
      ['too many rows', [{ name: 'file', filename: 'a.csv', content: `a\n${'1\n'.repeat(1_001)}` }], 413],
      [
        'too many rows together',
        Array(3).fill({ name: 'file', filename: 'a.csv', content: `a\n${'1\n'.repeat(400)}` }),
        413,
      ],
      ['too many bytes', [{ name: 'file', filename: 'a.csv', content: 'x'.repeat(2 ** 20) }], 413],
    ])('are rejected with %s', async (_, parts: Part[], status) => {
      const answer = await sendForm('/models/sums/predict', ...parts);
      expect({ status: answer.status, text: answer.text }).toEqual({
        status,
        text: expect.stringContaining('"detail"'),
      });
    });

    it('are rejected at the first row over the limit, without reading the rest', async () => {
      const file = `a\n${'1\n'.repeat(20_000)}"broken`;
      expect(await send('/models/sums/predict', file, CSV)).toMatchObject({
        status: 413,
        body: { code: 'predict.too-many-rows' },
      });
    });

    it('are rejected if they exceed the limit after decompression', async () => {
      const headers = { ...CSV, 'content-encoding': 'gzip' };
      expect((await send(IRIS, gzipSync('a'.repeat(5_000_000)), headers)).status).toBe(413);
      expect((await send(IRIS, 'no gzip', headers)).status).toBe(400);
    });

    it('are rejected with a media type that is not a file of rows', async () => {
      for (const type of [
        'text/plain',
        'application/octet-stream',
        'application/zip',
        'multipart/mixed; boundary=x',
        'text/csv; charset=klingon',
      ]) {
        expect((await send(IRIS, 'x', { 'content-type': type })).status).toBe(415);
      }
    });

    it('are documented with working examples', async () => {
      const document = await OpenApiDocument.of(client);
      for (const path of ['/predict', IRIS, '/models/{name}/predict', '/models/{name}/versions/{version}/predict']) {
        const operation = document.find('POST', path);
        const { content } = operation.requestBody!;
        expect(Object.keys(content)).toEqual(
          expect.arrayContaining(['multipart/form-data', 'text/csv', 'application/x-ndjson']),
        );
        for (const type of ['text/csv', 'application/x-ndjson']) {
          const answer = await send(document.address(operation), content[type]!.example as string, {
            'content-type': type,
          });
          expect({ path, type, status: answer.status }).toEqual({ path, type, status: 200 });
        }
      }
    });
  });
});
