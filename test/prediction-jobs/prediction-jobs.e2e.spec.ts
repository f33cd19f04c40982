import { gzipSync } from 'node:zlib';
import type { Client } from '../support/client.js';
import { multipart } from '../support/forms.js';
import { addMenu } from '../support/menus.js';
import {
  predictionsOf,
  csvOf,
  irisRows,
  finishedJob,
  linesOf,
  resultOf,
  sendJob,
  createJob,
} from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ROWS = irisRows(700);
const ROW = ROWS[0]!;
const HEADER = 'sepal_length,sepal_width,petal_length,petal_width';
const JSON_BODY = { 'content-type': 'application/json' };
const JSON_LINES = { 'content-type': 'application/x-ndjson' };

function inForm(content: string, boundary: string, filename = 'flowers.csv') {
  const raw = multipart([{ name: 'file', filename, content }], boundary);
  return { raw, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}

describe('POST /models/{name}/jobs', () => {
  let app: TestApp;
  let member: Client;

  beforeAll(async () => {
    app = await startTestApp({ UPLOAD_LIMIT_MB: '1', JOB_MAX_ROWS: '20000' });
    member = app.client();
    await member.signUpAndLogIn();
  });

  afterAll(() => app.close());

  it('responds 202 with a Location, and ends with the same predictions as POST /predict', async () => {
    const response = await sendJob(member, csvOf(ROWS));
    const { id } = response.body;
    expect({ status: response.status, location: response.headers.get('location') }).toEqual({
      status: 202,
      location: `/jobs/${id}`,
    });
    expect(response.body).toMatchObject({ kind: 'prediction', model: 'iris', version: '1', error: null });
    expect(response.body.progress).toMatchObject({ total: ROWS.length, errors: 0 });
    const job = await finishedJob(member, id);
    expect(job).toMatchObject({ status: 'succeeded', progress: { done: ROWS.length, total: ROWS.length, errors: 0 } });
    expect(await resultOf(member, id)).toEqual(await predictionsOf(member, ROWS));
  });

  it.each([
    ['JSON lines', linesOf(ROWS), JSON_LINES],
    ['a JSON array', JSON.stringify(ROWS), JSON_BODY],
    ['{"instances": […]}', JSON.stringify({ instances: ROWS }), JSON_BODY],
    ['a form with CSV', inForm(csvOf(ROWS), 'a').raw, inForm('', 'a').headers],
    ['a form with JSON', inForm(JSON.stringify(ROWS), 'a', 'a.json').raw, inForm('', 'a').headers],
    ['compressed CSV', gzipSync(csvOf(ROWS)), { 'content-encoding': 'gzip' }],
    ['CSV compressed with x-gzip', gzipSync(csvOf(ROWS)), { 'content-encoding': 'X-Gzip' }],
    ['CSV with a byte order mark and CRLF', `\ufeff${csvOf(ROWS).replaceAll('\n', '\r\n')}`, {}],
  ])('accepts %s', async (_, raw, headers) => {
    const { id } = await createJob(member, raw, { headers });
    expect(await resultOf(member, id)).toEqual(await predictionsOf(member, ROWS));
  });

  it.each([
    ['a row object', JSON.stringify(ROW), JSON_BODY],
    [
      'a form',
      new URLSearchParams(Object.entries(ROW).map(([key, value]): [string, string] => [key, String(value)])).toString(),
      {
        'content-type': 'application/x-www-form-urlencoded',
      },
    ],
  ])('accepts one row as %s', async (_, raw, headers) => {
    const { id } = await createJob(member, raw, { headers });
    expect(await resultOf(member, id)).toEqual(await predictionsOf(member, [ROW]));
  });

  it('gives the result as CSV beside the columns of the input', async () => {
    const { id } = await createJob(member, csvOf(ROWS));
    const lines = await resultOf(member, id);
    const { text, headers } = await member.get(`/jobs/${id}/result`, { headers: { accept: 'text/csv' } });
    expect(headers.get('content-type')).toMatch(/^text\/csv/);
    const [header, ...table] = text.trimEnd().split('\n');
    expect(header).toBe(`${HEADER},label,probability_setosa,probability_versicolor,probability_virginica`);
    const expected = lines.map(({ label, probabilities }, index) => {
      return [...Object.values(ROWS[index]!), label, ...Object.values(probabilities as object)].join(',');
    });
    expect(table).toEqual(expected);
  });

  describe('with invalid rows', () => {
    const broken = [...ROWS.slice(0, 300).map((row) => Object.values(row).join(','))];
    broken[71] = '5.9,three,5.1,1.8';
    broken[200] = '5.9,3,5.1';
    broken[250] = '5.9,3,,1.8';
    const file = `${HEADER}\n${broken.join('\n')}\n`;

    it('rejects the whole input by default, names every error, and keeps nothing', async () => {
      const before = (await member.get('/jobs')).body.items.length;
      for (const onError of [undefined, 'reject']) {
        const { status, body } = await sendJob(member, file, { onError });
        expect(status).toBe(422);
        const found = body.errors.map(({ location, type }: { location: unknown[]; type: string }) => [location, type]);
        expect(found).toEqual([
          [['body', 'file', 73, 'sepal_width'], 'number'],
          [['body', 'file', 202], 'columns'],
          [['body', 'file', 252, 'petal_length'], 'missing'],
        ]);
      }
      expect((await member.get('/jobs')).body.items).toHaveLength(before);
    });

    it('reports invalid rows in the result with onError=skip', async () => {
      const { id } = await createJob(member, file, { onError: 'skip' });
      const lines = await resultOf(member, id);
      const expected = await predictionsOf(member, ROWS.slice(0, 300));
      for (const row of [71, 200, 250]) expected[row] = { row, error: expect.anything() };
      expect(lines).toEqual(expected);
      expect(lines[71]!.error).toEqual({
        code: 'request.invalid',
        detail: expect.stringContaining('73.sepal_width must be a finite number'),
        errors: [
          { location: ['body', 'file', 73, 'sepal_width'], type: 'number', message: expect.stringContaining('number') },
        ],
      });
      expect((await finishedJob(member, id)).progress).toEqual({ done: 300, total: 300, errors: 3 });
      const { text } = await member.get(`/jobs/${id}/result`, { headers: { accept: 'text/csv' } });
      const table = text.split('\n');
      expect(table[0]).toMatch(/,probability_virginica,error$/);
      expect(table[72]).toMatch(/^5\.9,three,5\.1,1\.8,,,,,.*73\.sepal_width must be a finite number/);
      expect(table[71]).toMatch(/,$/);
    });

    it('fails at the first invalid row with onError=stop, and names it', async () => {
      const { id } = await createJob(member, file, { onError: 'stop' });
      const job = await finishedJob(member, id);
      expect(job).toMatchObject({ status: 'failed', progress: { done: 71, total: 300, errors: 1 } });
      expect(job.error).toMatchObject({
        code: 'request.invalid',
        errors: [{ location: ['body', 'file', 73, 'sepal_width'], type: 'number' }],
      });
      expect((await member.get(`/jobs/${id}/result`)).status).toBe(409);
    });

    it.each([
      ['["body", i]', JSON.stringify([ROW, { ...ROW, petal_width: 'x' }]), ['body', 1, 'petal_width']],
      [
        '["body", "instances", i]',
        JSON.stringify({ instances: [ROW, { ...ROW, extra: 1 }] }),
        ['body', 'instances', 1, 'extra'],
      ],
      ['["body"]', JSON.stringify({ ...ROW, petal_width: -1 }), ['body', 'petal_width']],
    ])('locates the error at %s in JSON', async (_, raw, location) => {
      const { status, body } = await sendJob(member, raw, { headers: JSON_BODY });
      expect({ status, locations: body.errors.map((error: { location: unknown }) => error.location) }).toEqual({
        status: 422,
        locations: [location],
      });
    });

    it('names at most 100 errors', async () => {
      const { status, body } = await sendJob(member, `${HEADER}\n${'x,3,5.1,1.8\n'.repeat(500)}`);
      expect({ status, errors: body.errors.length }).toEqual({ status: 422, errors: 100 });
    });
  });

  describe.each(['reject', 'stop', 'skip'])('with onError=%s', (onError) => {
    it.each<[string, string | Uint8Array, object, number, unknown]>([
      ['an unknown column', `${HEADER},colour\n5,3,1,1,red\n`, {}, 422, ['body', 'file', 1, 'colour']],
      [
        'a missing column',
        'sepal_length,sepal_width,petal_length\n5,3,1\n',
        {},
        422,
        ['body', 'file', 1, 'petal_width'],
      ],
      ['a header alone', `${HEADER}\n`, {}, 422, ['body', 'file']],
      ['no content', '', {}, 422, ['body', 'file']],
      ['columns without names', ',,,\n5,3,1,1\n', {}, 422, ['body', 'file', 1]],
      ['an unclosed quote', `${HEADER}\n5,3,1,1\n5,3,"1,1\n`, {}, 422, ['body', 'file', 3]],
      ['truncated JSON', '[{"sepal_length":1}, {"sepal', JSON_BODY, 400, undefined],
      ['an empty array', '[]', JSON_BODY, 422, ['body']],
    ])('rejects a file with %s', async (_, raw, headers, status, location) => {
      const response = await sendJob(member, raw, { onError, headers: headers as Record<string, string> });
      expect(response.status).toBe(status);
      expect(response.body.errors?.[0].location).toEqual(location);
    });
  });

  it('rejects more rows than JOB_MAX_ROWS, and more bytes than UPLOAD_LIMIT_MB, compressed too', async () => {
    const line = '5,3,1,1\n';
    const rows = await sendJob(member, `${HEADER}\n${line.repeat(20_001)}`);
    expect([rows.status, rows.body.code]).toEqual([413, 'job.too-many-rows']);
    const bytes = await sendJob(member, `${HEADER}\n${line.repeat(140_000)}`);
    expect([bytes.status, bytes.body.code]).toEqual([413, 'request.too-large']);
    const bomb = await sendJob(member, gzipSync(`${HEADER}\n${line.repeat(140_000)}`), {
      headers: { 'content-encoding': 'gzip' },
    });
    expect([bomb.status, bomb.body.code]).toEqual([413, 'request.too-large']);
  });

  it('requires a login, an existing model, a supported media type and a known onError', async () => {
    expect((await sendJob(app.client(), csvOf([ROW]))).status).toBe(401);
    expect((await sendJob(member, csvOf([ROW]), { model: 'nothing' })).status).toBe(404);
    expect((await sendJob(member, csvOf([ROW]), { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await sendJob(member, csvOf([ROW]), { onError: 'ignore' })).body.errors[0].location).toEqual([
      'query',
      'onError',
    ]);
  });

  describe('with an Idempotency-Key', () => {
    it('makes one job, whatever the boundary of the form', async () => {
      const key = { 'idempotency-key': 'once' };
      const [first, second] = ['one', 'two'].map((boundary) => inForm(csvOf(ROWS), boundary));
      const { id } = await createJob(member, first!.raw, { headers: { ...first!.headers, ...key } });
      const again = await sendJob(member, second!.raw, { headers: { ...second!.headers, ...key } });
      expect([again.status, again.body.id, again.headers.get('location')]).toEqual([202, id, `/jobs/${id}`]);
      expect(await resultOf(member, id)).toHaveLength(ROWS.length);
    });

    it('rejects the key with another body or another onError', async () => {
      const headers = { 'idempotency-key': 'other' };
      await createJob(member, csvOf(ROWS), { headers });
      for (const [raw, onError] of [
        [csvOf(ROWS.slice(1)), 'reject'],
        [csvOf(ROWS), 'skip'],
      ] as const) {
        const { status, body } = await sendJob(member, raw, { headers, onError });
        expect([status, body.code]).toEqual([422, 'job.idempotency-key-reused']);
      }
    });

    it('scopes the key to the member', async () => {
      const other = app.client();
      await other.signUpAndLogIn();
      const headers = { 'idempotency-key': 'shared' };
      const mine = await createJob(member, csvOf([ROW]), { headers });
      const theirs = await createJob(other, csvOf([ROW]), { headers });
      expect(theirs.id).not.toBe(mine.id);
      expect((await other.get(`/jobs/${mine.id}`)).status).toBe(404);
    });

    it.each(['', 'two words', 'x'.repeat(201), 'umlautÄ'])('rejects the key %j', async (key) => {
      const { status, body } = await sendJob(member, csvOf([ROW]), { headers: { 'idempotency-key': key } });
      expect([status, body.errors?.[0].location]).toEqual([422, ['header', 'Idempotency-Key']]);
    });
  });

  describe('for a model with a pipeline', () => {
    const AT = '2024-05-13T08:00:00.000Z';

    it('runs the pipeline as the member who sent the job', async () => {
      const menus = [await addMenu(member, { name: 'Flat white' }), await addMenu(member, { name: 'Mocha' })];
      const inputs = Array.from({ length: 60 }, (_, index) => ({ menuId: menus[index % 2]!.id, at: AT }));
      const { id } = await createJob(member, linesOf(inputs), { model: 'demand', headers: JSON_LINES });
      expect(await resultOf(member, id)).toEqual(await predictionsOf(member, inputs, 'demand'));
      const { text } = await member.get(`/jobs/${id}/result`, { headers: { accept: 'text/csv' } });
      expect(text.split('\n')[0]).toBe('menuId,at,answer_menuId,hour,expected,prepare');
    });

    it('isolates an input on which the pipeline fails', async () => {
      const { id: menuId } = await addMenu(member, { name: 'Cortado' });
      const inputs = Array.from({ length: 40 }, (_, index) => ({ menuId: index === 17 ? 999_999 : menuId, at: AT }));
      const raw = linesOf(inputs);
      const { id } = await createJob(member, raw, { model: 'demand', headers: JSON_LINES, onError: 'skip' });
      const lines = await resultOf(member, id);
      expect(lines.filter(({ error }) => error)).toEqual([
        { row: 17, error: { code: 'menu.not-found', detail: expect.any(String) } },
      ]);
      expect(lines).toHaveLength(40);
      const stopped = await createJob(member, raw, { model: 'demand', headers: JSON_LINES, onError: 'stop' });
      expect((await finishedJob(member, stopped.id)).error).toMatchObject({
        code: 'menu.not-found',
        detail: expect.stringMatching(/^Line 18: /),
      });
    });

    it('accepts inputs as CSV, and rejects them as a form', async () => {
      const { id: menuId } = await addMenu(member, { name: 'Macchiato' });
      const inputs = Array.from({ length: 30 }, () => ({ menuId, at: AT }));
      const { id } = await createJob(member, csvOf(inputs), { model: 'demand' });
      expect(await resultOf(member, id)).toEqual(await predictionsOf(member, inputs, 'demand'));
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      expect((await sendJob(member, `menuId=${menuId}`, { model: 'demand', headers })).status).toBe(415);
    });

    it('validates inputs before the job is accepted', async () => {
      const raw = linesOf([{ menuId: 1, at: AT }, { menuId: 'x' }]);
      const { status, body } = await sendJob(member, raw, { model: 'demand', headers: JSON_LINES });
      expect(status).toBe(422);
      expect(body.errors.map(({ location }: { location: unknown[] }) => location.join('.'))).toContain(
        'body.file.2.menuId',
      );
    });
  });
});
