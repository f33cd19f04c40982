import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { Controller, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { AcceptsBody, openUpload } from '../src/http/index.js';
import type { Answer, Client } from './support/client.js';
import { BOUNDARY, csvForm, MULTIPART, multipart, type Part } from './support/forms.js';
import { TestModelStore } from './support/model-store.js';
import { OpenApiDocument } from './support/openapi-document.js';
import { RawConnection } from './support/raw-http.js';
import { startTestApp, type TestApp } from './support/test-app.js';
import { until } from './support/until.js';

const HEADER = 'sepal_length,sepal_width,petal_length,petal_width\n';
const VIRGINICA = '5.9,3.0,5.1,1.8\n';
const SETOSA = '5.1,3.5,1.4,0.2\n';
const CSV = { 'content-type': 'text/csv' };
const IRIS = '/models/iris/predict';
const LIMIT = 1_000_000;

interface Received {
  readonly size: number;
  readonly sha256: string;
}

let opened = 0;
/** Uploads that were cut short on the way, as their handler saw it. */
const failures: string[] = [];

/** Takes what is sent as it comes. */
@Controller('uploads')
class UploadsController {
  @Post()
  @AcceptsBody({ kinds: ['stream'], purpose: 'files' })
  async receive(@Req() request: Request): Promise<object> {
    const { mediaType, name, isFile, bytes } = await openUpload(request, LIMIT);
    opened += 1;
    return { mediaType, name, isFile, ...(await digest(bytes)) };
  }
}

async function digest(bytes: AsyncIterable<Buffer>): Promise<Received> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of bytes) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    failures.push((error as Error).message);
    throw error;
  }
  return { size, sha256: hash.digest('hex') };
}

describe('uploads', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    const features = [{ name: 'a' }, { name: 'b', default: 10 }];
    await store.add('sums', 'sum', { manifest: { features, output: { value: 'sum' } } });
    const limits = { PREDICT_LIMIT_MB: '1', PREDICT_MAX_ROWS: '1000' };
    app = await startTestApp({ MODELS_DIR: store.path, ...limits }, [UploadsController]);
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const send = (path: string, raw: string | Buffer | FormData, headers: Record<string, string> = {}): Promise<Answer> =>
    client.request('POST', path, { raw, headers });
  const sendForm = (path: string, ...parts: Part[]): Promise<Answer> => send(path, multipart(parts), MULTIPART);
  const labels = ({ body }: Answer): string[] => body.predictions.map(({ label }: { label: string }) => label);
  const errors = ({ status, body }: Answer): unknown => [
    status,
    ...body.errors.map(({ location, type }: { location: unknown; type: string }) => [location, type]),
  ];

  describe('of rows to predict', () => {
    it('answer as JSON does, sent as a browser or curl does, or as they are', async () => {
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

    it('may be several, of several formats: their rows are answered in their order', async () => {
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

    it('name each wrong cell by line and column', async () => {
      const file = `${HEADER}${SETOSA}\n1,x,3,4\n"5",,7,1e99\n1,2,3\n`;
      expect(errors(await send(IRIS, file.replace('1,2,3\n', ''), CSV))).toEqual([
        422,
        [['body', 'file', 4, 'sepal_width'], 'number'],
        [['body', 'file', 5, 'sepal_width'], 'missing'],
        [['body', 'file', 5, 'petal_width'], expect.any(String)],
      ]);
      expect(errors(await send(IRIS, file, CSV))).toEqual([422, [['body', 'file', 6], 'columns']]);
    });

    it('leave cells empty for what has a default', async () => {
      const { body } = await send('/models/sums/predict', 'a,b\n1,2\n1,\n', CSV);
      expect(body.predictions).toEqual([{ value: 3 }, { value: 11 }]);
      expect((await send('/models/sums/predict', 'a\n1\n', CSV)).body.predictions).toEqual([{ value: 11 }]);
    });

    it('name a missing and an unknown column once, at the header', async () => {
      const answer = await send('/models/sums/predict', `b,c\n${'1,2\n'.repeat(500)}`, CSV);
      expect(errors(answer)).toEqual([
        422,
        [['body', 'file', 1, 'a'], 'missing'],
        [['body', 'file', 1, 'c'], 'unknown'],
      ]);
    });

    it('say which file is wrong where there are several', async () => {
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
      ['a file that a browser had none of', [{ name: 'file', filename: '', content: '' }], 422],
      ['an empty file', [{ name: 'file', filename: 'a.csv', content: '' }], 422],
      ['only a header', [{ name: 'file', filename: 'a.csv', content: 'a\n' }], 422],
      ['a page that is called .csv', [{ name: 'file', filename: 'a.csv', content: '<!doctype html>\n<p>x' }], 422],
      ['a file of no known kind', [{ name: 'file', filename: 'a.xlsx', content: 'PK' }], 415],
      ['a picture', [{ name: 'file', filename: 'a.png', type: 'image/png', content: 'x' }], 415],
      ['too many rows', [{ name: 'file', filename: 'a.csv', content: `a\n${'1\n'.repeat(1_001)}` }], 413],
      [
        'too many rows together',
        Array(3).fill({ name: 'file', filename: 'a.csv', content: `a\n${'1\n'.repeat(400)}` }),
        413,
      ],
      ['too much', [{ name: 'file', filename: 'a.csv', content: 'x'.repeat(2 ** 20) }], 413],
    ])('are refused with %s', async (_, parts: Part[], status) => {
      const answer = await sendForm('/models/sums/predict', ...parts);
      expect({ status: answer.status, text: answer.text }).toEqual({
        status,
        text: expect.stringContaining('"detail"'),
      });
    });

    it('stop at the first row too many, however much comes after', async () => {
      const file = `a\n${'1\n'.repeat(20_000)}"broken`;
      expect(await send('/models/sums/predict', file, CSV)).toMatchObject({
        status: 413,
        body: { code: 'predict.too-many-rows' },
      });
    });

    it('are compressed up to the limit only', async () => {
      const headers = { ...CSV, 'content-encoding': 'gzip' };
      expect((await send(IRIS, gzipSync('a'.repeat(5_000_000)), headers)).status).toBe(413);
      expect((await send(IRIS, 'no gzip', headers)).status).toBe(400);
    });

    it('leave other media types refused', async () => {
      for (const type of [
        'text/plain',
        'application/octet-stream',
        'application/zip',
        'multipart/mixed; boundary=x',
        'text/csv; charset=latin1',
      ]) {
        expect((await send(IRIS, 'x', { 'content-type': type })).status).toBe(415);
      }
    });

    it('are documented with examples that work', async () => {
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

  describe('as streams', () => {
    const content = 'a,b\n1,2\n'.repeat(50_000);
    const expected = { size: content.length, sha256: createHash('sha256').update(content).digest('hex') };

    it('arrive whole: from a form, as they are, compressed', async () => {
      const file = { mediaType: 'text/csv', name: 'a.csv', isFile: true };
      expect((await send('/uploads', csvForm(content, 'x/a.csv'), MULTIPART)).body).toEqual({ ...file, ...expected });
      const headers = { ...MULTIPART, 'content-encoding': 'gzip' };
      expect((await send('/uploads', gzipSync(csvForm(content, 'a.csv')), headers)).body).toEqual({
        ...file,
        ...expected,
      });
      expect((await send('/uploads', content, CSV)).body).toEqual({ mediaType: 'text/csv', isFile: true, ...expected });
      const json = await send('/uploads', content, { 'content-type': 'application/json; charset=utf-8' });
      expect(json.body).toEqual({ mediaType: 'application/json', isFile: false, ...expected });
    });

    it('may be no more than they may, as sent or uncompressed', async () => {
      const large = 'x'.repeat(LIMIT + 100_000);
      const chunked = new ReadableStream<Uint8Array>({
        start: (controller) => {
          for (const part of [large.slice(0, 600_000), large.slice(600_000)]) controller.enqueue(Buffer.from(part));
          controller.close();
        },
      });
      const statuses = [
        (await send('/uploads', large, CSV)).status,
        (await send('/uploads', csvForm(large), MULTIPART)).status,
        (await send('/uploads', gzipSync(large), { ...CSV, 'content-encoding': 'gzip' })).status,
        (
          await fetch(`${app.url}/uploads`, {
            method: 'POST',
            headers: CSV,
            body: chunked,
            duplex: 'half',
          } as RequestInit)
        ).status,
      ];
      expect(statuses).toEqual([413, 413, 413, 413]);
      expect((await send('/uploads', content, CSV)).status).toBe(201);
    });

    it.each([
      ['without a file', [], 422],
      [
        'with a field before the file',
        [
          { name: 'x', content: '1' },
          { name: 'file', filename: 'a', content: '2' },
        ],
        422,
      ],
      [
        'with a field after the file',
        [
          { name: 'file', filename: 'a', content: '2' },
          { name: 'x', content: '1' },
        ],
        422,
      ],
      ['with two files', Array(2).fill({ name: 'file', filename: 'a', content: '2' }), 422],
      ['with a file of another name', [{ name: 'data', filename: 'a', content: '2' }], 422],
    ])('are refused %s', async (_, parts: Part[], status) => {
      expect((await sendForm('/uploads', ...parts)).status).toBe(status);
    });

    it('are refused in another media type, another coding, or broken', async () => {
      expect((await send('/uploads', 'x', { 'content-type': 'text/plain' })).status).toBe(415);
      expect((await send('/uploads', 'x', { ...CSV, 'content-encoding': 'zstd' })).status).toBe(415);
      expect((await send('/uploads', 'x', { ...CSV, 'content-encoding': 'gzip' })).status).toBe(400);
      expect(
        (await send('/uploads', gzipSync(content).subarray(0, 500), { ...CSV, 'content-encoding': 'gzip' })).status,
      ).toBe(400);
      expect((await send('/uploads', csvForm(content).subarray(0, 1_000), MULTIPART)).status).toBe(400);
      expect((await send('/uploads', 'x', { 'content-type': 'multipart/form-data' })).status).toBe(400);
    });

    it('end with their client: the handler is told, and the next upload is taken', async () => {
      const types = [MULTIPART['content-type'], 'text/csv'];
      for (const type of types) {
        const before = { opened, failed: failures.length };
        const connection = await RawConnection.open(app.url);
        const head = `POST /uploads HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 400000\r\n\r\n`;
        connection.send(head).send(csvForm(content).subarray(0, 100_000));
        await until('the upload is opened', () => opened > before.opened);
        connection.end();
        await until('the handler is told', () => failures.length > before.failed);
        expect(failures.at(-1)).toBe('The body did not arrive whole.');
      }
      expect((await send('/uploads', csvForm(content), MULTIPART)).status).toBe(201);
    });

    it('that are refused half-way leave the connection to the next request', async () => {
      const connection = await RawConnection.open(app.url);
      const body = csvForm(content).toString('latin1').replace('name="file"', 'name="data"');
      const head = `POST /uploads HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}\r\n`;
      connection.send(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
      connection.send('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await connection.answers(2)).toEqual([422, 200]);
      connection.end();
    });
  });
});
