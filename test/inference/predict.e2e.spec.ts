import { readFile } from 'node:fs/promises';
import type { Client } from '../support/client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface FixtureRow {
  readonly input: Record<string, number>;
  readonly label: string;
  readonly index: number;
  readonly probabilities: Record<string, number>;
}

const ROW = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };
const SETOSA = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 };

describe('Predictions of iris', () => {
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    app = await startTestApp();
    client = app.client();
  });

  afterAll(() => app.close());

  describe('POST /predict', () => {
    it('returns the class index of a row', async () => {
      const { status, body } = await client.post('/predict', ROW);
      expect({ status, body }).toEqual({ status: 200, body: { result: [2] } });
    });

    it('returns one result for each row of an array, in order', async () => {
      const { body } = await client.post('/predict', [ROW, SETOSA, ROW]);
      expect(body).toEqual({ result: [2, 0, 2] });
    });

    it('accepts more rows than one run does', async () => {
      const rows = Array.from({ length: 1_000 }, (_, index) => (index % 3 === 0 ? SETOSA : ROW));
      const { body } = await client.post('/predict', rows);
      expect(body).toEqual({ result: rows.map((row) => (row === SETOSA ? 0 : 2)) });
    });

    it('is equivalent to PUT', async () => {
      expect((await client.put('/predict', ROW)).body).toEqual({ result: [2] });
    });

    it('accepts the same fields as a form', async () => {
      const { status, body } = await postForm(
        '/predict',
        'sepal_length=5.9&sepal_width=3.0&petal_length=5.1&petal_width=1.8',
      );
      expect({ status, body }).toEqual({ status: 200, body: { result: [2] } });
    });

    it('responds to GET with 405 and the allowed methods', async () => {
      const { status, headers } = await client.get('/predict');
      expect(status).toBe(405);
      expect(headers.get('allow')).toBe('OPTIONS, POST, PUT');
    });

    it('rejects an empty array, and one of more than 10,000 rows', async () => {
      expect(await client.post('/predict', [])).toMatchObject({
        status: 422,
        body: { errors: [{ location: ['body'] }] },
      });
      const many = await client.post('/predict', new Array(10_001).fill(ROW));
      expect(many).toMatchObject({ status: 413, body: { code: 'predict.too-many-rows' } });
      expect((await client.post('/predict', new Array(10_000).fill(ROW))).status).toBe(200);
    });

    it.each([
      ['a missing feature', { ...ROW, petal_width: undefined }, ['body', 'petal_width'], 'missing'],
      ['an unknown feature', { ...ROW, colour: 'blue' }, ['body', 'colour'], 'unknown'],
      ['a text', { ...ROW, petal_width: '1.8' }, ['body', 'petal_width'], 'number'],
      ['null', { ...ROW, petal_width: null }, ['body', 'petal_width'], 'number'],
      ['a boolean', { ...ROW, petal_width: true }, ['body', 'petal_width'], 'number'],
      ['an array', { ...ROW, petal_width: [1.8] }, ['body', 'petal_width'], 'number'],
      ['a value below its range', { ...ROW, petal_width: -0.1 }, ['body', 'petal_width'], 'range'],
      ['a value above its range', { ...ROW, petal_width: 100.5 }, ['body', 'petal_width'], 'range'],
      ['an invalid row among valid ones', [ROW, { ...ROW, petal_width: 'x' }], ['body', 1, 'petal_width'], 'number'],
      ['a number in place of a row', [ROW, 5], ['body', 1], 'object'],
      ['a number', 5, ['body'], 'object'],
      ['null instead of a row', null, ['body'], 'object'],
    ])('reports the location of %s', async (_, json, location, type) => {
      const { status, body } = await client.post('/predict', json);
      expect(status).toBe(422);
      expect(body.errors).toEqual([{ location, type, message: expect.any(String) }]);
    });

    it.each(['1e400', '-1e400'])('rejects %s, which is valid JSON but no finite float', async (number) => {
      const raw = JSON.stringify(ROW).replace('1.8', number);
      const { status, body } = await client.request('POST', '/predict', {
        raw,
        headers: { 'content-type': 'application/json' },
      });
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ location: ['body', 'petal_width'], type: 'number' }]);
    });

    it.each(['__proto__', 'constructor', 'toString'])('rejects a field named %s', async (name) => {
      const raw = JSON.stringify(ROW).replace('}', `,"${name}":1}`);
      const { status, body } = await client.request('POST', '/predict', {
        raw,
        headers: { 'content-type': 'application/json' },
      });
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ location: ['body', name], type: 'unknown' }]);
    });

    it.each(['', 'NaN', 'Infinity', '0x10', '1 8', '1e999'])('rejects %p in a form', async (text) => {
      const form = `sepal_length=5.9&sepal_width=3.0&petal_length=5.1&petal_width=${encodeURIComponent(text)}`;
      const { status, body } = await postForm('/predict', form);
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ location: ['body', 'petal_width'], type: 'number' }]);
    });

    it('rejects a form with a repeated field', async () => {
      const { status, body } = await postForm(
        '/predict',
        'sepal_length=5.9&sepal_width=3.0&petal_length=5.1&petal_width=1.8&petal_width=1.9',
      );
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ location: ['body', 'petal_width'] }]);
    });

    it('reports every missing field of an empty form, and rejects __proto__', async () => {
      const empty = await postForm('/predict', '');
      expect(empty.status).toBe(422);
      expect(empty.body.errors).toHaveLength(4);
      const form = 'sepal_length=5.9&sepal_width=3.0&petal_length=5.1&petal_width=1.8&__proto__=1';
      expect((await postForm('/predict', form)).body.errors).toMatchObject([{ location: ['body', '__proto__'] }]);
    });

    it('rejects bytes that are not UTF-8', async () => {
      const raw = Buffer.from(JSON.stringify(ROW).replace('sepal_length', 'sepal_l\u00e9ngth'), 'latin1');
      const { status, body } = await client.request('POST', '/predict', {
        raw,
        headers: { 'content-type': 'application/json' },
      });
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'request.malformed' });
      expect((await client.get('/menus?name=%ff')).status).toBe(400);
    });

    it('responds to malformed JSON with 400 and to an unsupported media type with 415', async () => {
      const json = { 'content-type': 'application/json' };
      expect(await client.request('POST', '/predict', { raw: '{"sepal_length":', headers: json })).toMatchObject({
        status: 400,
        body: { code: 'request.malformed' },
      });
      const text = { 'content-type': 'text/plain' };
      expect((await client.request('POST', '/predict', { raw: 'x', headers: text })).status).toBe(415);
    });

    it('reports at most a hundred errors', async () => {
      const { status, body } = await client.post('/predict', new Array(5_000).fill({}));
      expect(status).toBe(422);
      expect(body.errors).toHaveLength(100);
    });
  });

  describe('POST /models/iris/predict', () => {
    it('returns the predictions of scikit-learn for all 150 flowers', async () => {
      const { rows } = JSON.parse(
        await readFile(new URL('../../models/iris/fixture.json', import.meta.url), 'utf8'),
      ) as {
        rows: FixtureRow[];
      };
      expect(rows).toHaveLength(150);
      const { body } = await client.post('/models/iris/predict', { instances: rows.map((row) => row.input) });
      expect(body).toMatchObject({ model: 'iris', version: '1' });
      rows.forEach(({ label, index, probabilities }, position) => {
        const prediction = body.predictions[position];
        expect(prediction).toMatchObject({ label, index });
        for (const [name, probability] of Object.entries(probabilities)) {
          expect(Math.abs(prediction.probabilities[name] - probability)).toBeLessThan(1e-5);
        }
      });
    });

    it('accepts a row as JSON and as a form', async () => {
      const plain = await client.post('/models/iris/predict', ROW);
      expect(plain.body.predictions).toHaveLength(1);
      const form = await postForm('/models/iris/predict', new URLSearchParams(ROW as never).toString());
      expect(form.body).toEqual(plain.body);
    });

    it('predicts with the version in the path', async () => {
      expect((await client.post('/models/iris/versions/1/predict', ROW)).body.version).toBe('1');
      const unknown = await client.post('/models/iris/versions/2/predict', ROW);
      expect(unknown).toMatchObject({ status: 404, body: { code: 'model.version-not-found' } });
    });

    it('reports the location of invalid fields in instances, and of fields beside them', async () => {
      const broken = await client.post('/models/iris/predict', { instances: [ROW, ROW, { ...ROW, sepal_width: 'x' }] });
      expect(broken.body.errors).toMatchObject([{ location: ['body', 'instances', 2, 'sepal_width'] }]);
      const beside = await client.post('/models/iris/predict', { instances: [ROW], extra: 1 });
      expect(beside.body.errors).toMatchObject([{ location: ['body', 'extra'], type: 'unknown' }]);
      const none = await client.post('/models/iris/predict', { instances: [] });
      expect(none.body.errors).toMatchObject([{ location: ['body', 'instances'] }]);
      const notRows = await client.post('/models/iris/predict', { instances: ROW });
      expect(notRows.body.errors).toMatchObject([{ location: ['body', 'instances'], type: 'array' }]);
      expect((await client.post('/models/iris/predict', [ROW])).status).toBe(422);
    });

    it('responds with 404 for an unknown model', async () => {
      const { status, body } = await client.post('/models/rose/predict', ROW);
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'model.not-found' });
    });
  });

  it('returns each of 200 concurrent callers their own result', async () => {
    const rows = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? ROW : SETOSA));
    const responses = await Promise.all(rows.map((row) => client.post('/predict', row)));
    expect(responses.map(({ body }) => body.result[0])).toEqual(rows.map((row) => (row === ROW ? 2 : 0)));
  });

  function postForm(path: string, raw: string) {
    return client.request('POST', path, { raw, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  }
});
