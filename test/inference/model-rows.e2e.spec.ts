import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('POST /models/{name}/predict of any model', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await store.addTwoVersions('sum');
    await store.add('bare', 'sum');
    await store.add('kinds', 'kinds');
    await store.add('centre', 'centre');
    await store.add('off', 'sum', { manifest: { batching: false } });
    const edge = { minimum: 0, maximum: 100 };
    await store.add('edge', 'centre', {
      manifest: {
        features: [
          { name: 'a', ...edge },
          { name: 'b', ...edge },
        ],
        example: { input: { a: 0, b: 0 } },
      },
    });
    await store.add('ragged', 'ragged');
    await store.add('detect', 'detect', { manifest: { example: { input: { picture: [1, 1] } } } });
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  describe('rows', () => {
    it('have a value for each input without a manifest', async () => {
      const { body } = await client.post('/models/bare/predict', { instances: [{ x: [1, 2] }, { x: [3, 4] }] });
      expect(body.predictions).toEqual([{ sum: 3 }, { sum: 7 }]);
    });

    it('must have the shape of the tensor', async () => {
      const { body } = await client.post('/models/bare/predict', { x: [1, 2, 3] });
      expect(body.errors).toMatchObject([{ location: ['body', 'x'], type: 'shape' }]);
      const nested = await client.post('/models/bare/predict', { x: [1, 'two'] });
      expect(nested.body.errors).toMatchObject([{ location: ['body', 'x', 1], type: 'number' }]);
    });

    it('accept any element type and shape', async () => {
      const row = {
        number: 1.5,
        count: 9_007_199_254_740_991,
        word: '아메리카노',
        flag: true,
        grid: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      };
      const { body } = await client.post('/models/kinds/predict', {
        instances: [row, { ...row, number: -2, flag: false }],
      });
      const prediction = {
        number_out: 1.5,
        count_out: row.count,
        word_out: row.word,
        flag_out: true,
        grid_out: row.grid,
      };
      expect(body.predictions).toEqual([prediction, { ...prediction, number_out: -2, flag_out: false }]);
    });

    it.each(['9007199254740993', '-9223372036854775808', '9223372036854775807'])(
      'keeps every digit of %s',
      async (digits) => {
        const raw = `{"number":1,"count":${digits},"word":"a","flag":true,"grid":[[1,2,3],[4,5,6]]}`;
        const headers = { 'content-type': 'application/json' };
        const { status, text } = await client.post('/models/kinds/predict', undefined, { raw, headers });
        expect({ status, text }).toEqual({ status: 200, text: expect.stringContaining(`"count_out":${digits},`) });
      },
    );

    it.each([
      ['count', 1.5, 'integer'],
      ['count', 9_223_372_036_854_775_808, 'integer'],
      ['word', 7, 'text'],
      ['word', 'a'.repeat(65_537), 'length'],
      ['word', '\ud800', 'text'],
      ['word', 'a\0b', 'text'],
      ['flag', 1, 'boolean'],
      [
        'grid',
        [
          [1, 2],
          [3, 4],
        ],
        'shape',
      ],
    ])('reject a %s of %p', async (name, value, type) => {
      const row = {
        number: 1,
        count: 1,
        word: 'a',
        flag: true,
        grid: [
          [1, 2, 3],
          [4, 5, 6],
        ],
        [name]: value,
      };
      const { status, body } = await client.post('/models/kinds/predict', row);
      expect(status).toBe(422);
      expect(body.errors[0]).toMatchObject({ type });
      expect(body.errors[0].location.slice(0, 2)).toEqual(['body', name]);
    });

    it('accept variable lengths, equal for equal dimension names', async () => {
      const row = {
        grid: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        mask: [1, 0, 1],
      };
      const { body } = await client.post('/models/ragged/predict', { instances: [row, { grid: [[7]], mask: [1] }] });
      expect(body.predictions).toEqual([
        { grid_out: row.grid, mask_out: row.mask },
        { grid_out: [[7]], mask_out: [1] },
      ]);
    });

    it.each([
      ['arrays of different lengths', { grid: [[1, 2], [3]], mask: [1, 1] }, ['grid', 1]],
      [
        'a mask of another length',
        {
          grid: [
            [1, 2],
            [3, 4],
          ],
          mask: [1],
        },
        ['mask'],
      ],
    ])('reject %s', async (_, row, place) => {
      const { status, body } = await client.post('/models/ragged/predict', row);
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ location: ['body', ...place], type: 'shape' }]);
    });

    it('get the whole of an output without a batch dimension', async () => {
      const { body } = await client.post('/models/detect/predict', { picture: [1, 1] });
      expect(body.predictions).toEqual([
        {
          boxes: [
            [2, 3, 4, 5],
            [6, 7, 8, 9],
            [10, 11, 12, 13],
          ],
        },
      ]);
    });

    it('get 500 where an output is not a finite number', async () => {
      const response = await client.post('/models/sum/versions/1/predict', { a: 3e38, b: 3e38 });
      expect(response).toMatchObject({ status: 500, body: { code: 'model.run-failed' } });
    });

    it('are scaled and completed with defaults from the manifest', async () => {
      const { body } = await client.post('/models/sum/predict', { instances: [{ a: 10 }, { a: 10, b: 3 }] });
      expect(body).toEqual({
        model: 'sum',
        version: '2',
        predictions: [{ value: 10 - (10 - 1) / 2 }, { value: 10 - (3 - 1) / 2 }],
      });
    });
  });

  describe('batching', () => {
    it('is off where rows in one run would get other predictions', async () => {
      const { body } = await client.get('/models/centre');
      expect(body.batching).toEqual({
        enabled: false,
        reason: 'rows run together give other answers than the same rows alone',
      });
      const rows = [{ x: [1, 2] }, { x: [30, 40] }];
      const { body: result } = await client.post('/models/centre/predict', { instances: rows });
      expect(result.predictions).toEqual([{ centred: [0, 0] }, { centred: [0, 0] }]);
    });

    it('is off where rows at the limits of their range would hide this', async () => {
      expect((await client.get('/models/edge')).body.batching.enabled).toBe(false);
    });

    it('is off where the manifest disables it', async () => {
      expect((await client.get('/models/off')).body.batching).toEqual({
        enabled: false,
        reason: '"batching" is false in model.json',
      });
    });
  });
});
