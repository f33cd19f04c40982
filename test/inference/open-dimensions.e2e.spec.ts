import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../support/client.js';
import { EXPORTED, referenceOf } from '../support/exported-models.js';
import { TestModelStore } from '../support/model-store.js';
import { onnxModel, type TestNode } from '../support/onnx.js';
import { createJob, csvOf, resultOf } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

function node(operator: string, inputs: string, outputs: string, attributes: TestNode['attributes'] = {}): TestNode {
  return { operator, inputs: inputs.split(' '), outputs: outputs.split(' '), attributes };
}

const MODELS = {
  unnamed: onnxModel({ nodes: [node('Neg', 'x', 'y')], inputs: { x: [null, 2] }, outputs: { y: [null, 2] } }),
  placeholders: onnxModel({
    nodes: [node('GlobalAveragePool', 'x', 'p'), node('Flatten', 'p', 'y')],
    inputs: { x: ['?', 3, '?', '?'] },
    outputs: { y: ['?', 3] },
  }),
  towers: onnxModel({
    nodes: [node('Transpose', 'documents', 't', { perm: [1, 0] }), node('MatMul', 'query t', 'scores')],
    inputs: { query: ['?', 2], documents: ['?', 2] },
    outputs: { scores: ['?', '?'] },
  }),
  cloud: onnxModel({
    nodes: [node('ReduceMax', 'points', 'greatest', { axes: [0], keepdims: 0 })],
    inputs: { points: ['None', 2] },
    outputs: { greatest: [2] },
    opset: 13,
  }),
  windows: onnxModel({
    nodes: [node('AveragePool', 'x', 'y', { kernel_shape: [4] })],
    inputs: { x: ['-1', 1, 'unk__7'] },
    outputs: { y: ['-1', 1, 'unk__8'] },
  }),
  rankless: onnxModel({ nodes: [node('Neg', 'x', 'y')], inputs: { x: null }, outputs: { y: null } }),
  past: onnxModel({
    nodes: [node('Concat', 'past x', 'present', { axis: 1 })],
    inputs: { x: ['batch', 1, 2], past: ['batch', 'past_length', 2] },
    outputs: { present: ['batch', 'length', 2] },
  }),
  empty: onnxModel({ nodes: [node('Neg', 'x', 'y')], inputs: { x: [0, 2] }, outputs: { y: [0, 2] } }),
};

describe('models whose dimensions are open', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    for (const [name, model] of Object.entries(MODELS)) await store.write(`${name}/1/model.onnx`, model);
    for (const name of ['titanic', 'lgbm_clf_zipmap', 'sentiment']) {
      await mkdir(join(store.path, name, '1'), { recursive: true });
      await cp(join(EXPORTED, `${name}.onnx`), join(store.path, name, '1/model.onnx'));
    }
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  async function predict(model: string, body: object): Promise<unknown> {
    return (await client.post(`/models/${model}/predict`, body)).body.predictions;
  }

  it.each(['unnamed', 'placeholders', 'windows', 'titanic', 'lgbm_clf_zipmap', 'sentiment'])(
    'runs the rows of %s together once they have proved independent',
    async (name) => {
      expect((await client.get(`/models/${name}`)).body).toMatchObject({
        state: 'ready',
        batching: { enabled: true },
      });
    },
  );

  it('takes the unnamed first dimension for that of the rows', async () => {
    expect(await predict('unnamed', { instances: [{ x: [1, 2] }, { x: [3, 4] }] })).toEqual([
      { y: [-1, -2] },
      { y: [-3, -4] },
    ]);
    expect(await predict('unnamed', { x: [1, 2] })).toEqual([{ y: [-1, -2] }]);
  });

  it('lets two placeholders differ', async () => {
    const x = Array.from({ length: 3 }, (_, channel) => Array.from({ length: 4 }, () => Array(5).fill(channel)));
    expect(await predict('placeholders', { x })).toEqual([{ y: [0, 1, 2] }]);
    expect(await predict('windows', { x: [[1, 2, 3, 4, 5]] })).toEqual([{ y: [[2.5, 3.5]] }]);
  });

  it('takes the first dimension of a further input for a length where rows together differ from rows alone', async () => {
    const documents = [
      [1, 0],
      [0, 1],
      [1, 1],
    ];
    const instances = [
      { query: [2, 3], documents },
      { query: [1, 0], documents: documents.slice(0, 1) },
    ];
    expect(await predict('towers', { instances })).toEqual([{ scores: [2, 3, 5] }, { scores: [1] }]);
  });

  it('takes a whole tensor for a row where its first dimension counts none', async () => {
    const points = [
      [1, 5],
      [4, 2],
      [3, 3],
    ];
    expect(await predict('cloud', { points })).toEqual([{ greatest: [4, 5] }]);
    expect(await predict('cloud', { instances: [{ points }, { points: [[7, 8]] }] })).toEqual([
      { greatest: [4, 5] },
      { greatest: [7, 8] },
    ]);
  });

  it.each<[unknown, unknown]>([
    [3, -3],
    [
      [1, 2],
      [-1, -2],
    ],
    [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [-1, -2],
        [-3, -4],
      ],
    ],
    [[], []],
  ])('takes any regular nesting for a tensor without a shape: %j', async (x, y) => {
    expect(await predict('rankless', { x })).toEqual([{ y }]);
  });

  it('names what is not regular in a tensor without a shape', async () => {
    const { status, body } = await client.post('/models/rankless/predict', { x: [[1, 2], [3]] });
    expect([status, body.errors]).toEqual([
      422,
      [expect.objectContaining({ location: ['body', 'x', 1], type: 'shape' })],
    ]);
    const { body: mixed } = await client.post('/models/rankless/predict', { x: [1, [2]] });
    expect(mixed.errors).toEqual([expect.objectContaining({ location: ['body', 'x', 1], type: 'number' })]);
  });

  it('takes lengths of 0', async () => {
    expect(await predict('past', { x: [[1, 2]], past: [] })).toEqual([{ present: [[1, 2]] }]);
    expect(await predict('past', { x: [[1, 2]], past: [[3, 4]] })).toEqual([
      {
        present: [
          [3, 4],
          [1, 2],
        ],
      },
    ]);
  });

  it.each<[string, object]>([
    ['rankless', { name: 'x', shape: [2, 3], datatype: 'FP32', data: [1, 2, 3, 4, 5, 6] }],
    ['rankless', { name: 'x', shape: [], datatype: 'FP32', data: [1] }],
    ['rankless', { name: 'x', shape: [0, 2], datatype: 'FP32', data: [] }],
    ['placeholders', { name: 'x', shape: [2, 3, 1, 2], datatype: 'FP32', data: Array(12).fill(1) }],
  ])('runs any shape over /v2: %s %j', async (model, input) => {
    const { status, body } = await client.post(`/v2/models/${model}/infer`, { inputs: [input] });
    expect([status, body.outputs?.[0]?.name]).toEqual([200, 'y']);
  });

  it.each<[string, number[]]>([
    ['placeholders', [-1, 3, -1, -1]],
    ['rankless', [-1]],
    ['past', [-1, 1, 2]],
  ])('says -1 for what is open over /v2: %s %j', async (model, shape) => {
    const { body } = await client.get(`/v2/models/${model}`);
    expect(body.inputs[0]).toMatchObject({ name: 'x', shape });
  });

  it('lets unnamed dimensions of two inputs differ over /v2', async () => {
    const tensor = (name: string, rows: number) => ({
      name,
      shape: [rows, 2],
      datatype: 'FP32',
      data: Array(rows * 2).fill(1),
    });
    const { body } = await client.post('/v2/models/towers/infer', {
      inputs: [tensor('query', 2), tensor('documents', 3)],
    });
    expect(body.outputs[0].shape).toEqual([2, 3]);
  });

  it('fails at load where a dimension is declared as 0', async () => {
    expect((await client.get('/models/empty')).body).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/input "x" has a dimension of 0/),
    });
  });

  describe('with a column for each input', () => {
    const { label = [], rows } = referenceOf('titanic');
    const complete = (rows as { Age: number | null }[]).filter(({ Age }) => Age !== null);
    const labels = label.slice(0, complete.length);

    it('take a plain value, or a list of one', async () => {
      const listed = complete.map((row) => {
        return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [value]]));
      });
      for (const instances of [complete, listed]) {
        expect(labelsOf(await predict('titanic', { instances }))).toEqual(labels);
      }
    });

    it('take the rows of a CSV file, at once and in a job', async () => {
      const raw = new FormData();
      raw.append('file', new Blob([csvOf(complete)], { type: 'text/csv' }), 'rows.csv');
      const { body } = await client.request('POST', '/models/titanic/predict', { raw });
      expect(labelsOf(body.predictions)).toEqual(labels);
      await client.signUpAndLogIn();
      const { id } = await createJob(client, csvOf(complete), { model: 'titanic' });
      expect(labelsOf(await resultOf(client, id))).toEqual(labels);
    });
  });
});

function labelsOf(predictions: unknown): unknown[] {
  return (predictions as { label: unknown }[]).map((prediction) => [prediction.label].flat()[0]);
}
