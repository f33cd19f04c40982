import { join } from 'node:path';
import { runModelCommand } from '../../src/cli/model/run-model-command.js';
import { Env } from '../../src/platform/config/index.js';
import { ServingSettings } from '../../src/serving/serving.settings.js';
import type { Client } from '../support/client.js';
import { EXPORTED, flat, referenceOf } from '../support/exported-models.js';
import { TestModelStore } from '../support/model-store.js';
import { createJob, linesOf, resultOf } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

type Row = Readonly<Record<string, string | number | null>>;

const TITANIC = {
  Pclass: { type: 'string', enum: ['1', '2', '3'] },
  Sex: { type: 'string', enum: ['female', 'male'] },
  Age: { type: ['number', 'null'] },
  Fare: { type: ['number', 'null'] },
  Embarked: { type: ['string', 'null'], enum: ['C', 'Q', 'S', null] },
};
const COLUMN = { type: ['number', 'null'] };
const MATRIX = { feature_1: COLUMN, feature_2: COLUMN, feature_3: COLUMN, feature_4: COLUMN };
const MODELS: [string, object][] = [
  ['titanic', TITANIC],
  ['titanic_zipmap', TITANIC],
  ['xgb_nan', MATRIX],
  ['lgbm_clf_zipmap', MATRIX],
];

describe('Tables with missing values, as libraries export their models', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    const settings = new ServingSettings(new Env({ MODELS_DIR: store.path }));
    const context = { modelsDir: store.path, settings, url: '', print: () => undefined };
    for (const [name] of MODELS) {
      await runModelCommand(['add', join(EXPORTED, `${name}.onnx`), '--name', name], () => context);
    }
    app = await startTestApp({ MODELS_DIR: store.path });
    client = app.client();
    await client.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  describe.each(MODELS)('%s', (name, properties) => {
    const { rows, label = [], proba = [] } = referenceOf(name);
    const named = rows.map((row): Row => {
      const names = Object.keys(properties);
      return Array.isArray(row) ? Object.fromEntries(names.map((of, index) => [of, row[index]])) : (row as Row);
    });
    const csv = [Object.keys(properties), ...named.map((row) => Object.values(row).map((value) => value ?? ''))]
      .map((cells) => `${cells.join(',')}\n`)
      .join('');

    function expectReference(predictions: unknown): void {
      const found = predictions as { label: string; probabilities: Record<string, number> }[];
      expect(found.map((prediction) => prediction.label)).toEqual(label.map(String));
      const expected = flat(proba) as number[];
      const shares = found.flatMap(({ probabilities }) => Object.values(probabilities));
      expect(shares).toHaveLength(expected.length);
      shares.forEach((share, index) => expect(share).toBeCloseTo(expected[index]!, 5));
    }

    it('gets features with what its graph knows of the columns', async () => {
      const { body } = await client.get(`/models/${name}`);
      expect(body).toMatchObject({ state: 'ready', batching: { enabled: true } });
      expect(body.input.properties).toEqual(properties);
    });

    it('predicts what its library does for rows with gaps, by JSON, CSV and job', async () => {
      expect(named.some((row) => Object.values(row).includes(null))).toBe(true);
      const json = await client.post(`/models/${name}/predict`, { instances: named });
      expectReference(json.body.predictions);
      const absent = named.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
      expectReference((await client.post(`/models/${name}/predict`, { instances: absent })).body.predictions);
      const headers = { 'content-type': 'text/csv' };
      const cells = await client.request('POST', `/models/${name}/predict`, { raw: csv, headers });
      expectReference(cells.body.predictions);
      const job = await createJob(client, csv, { model: name });
      expectReference(await resultOf(client, job.id));
      const lines = { model: name, headers: { 'content-type': 'application/x-ndjson' } };
      expectReference(await resultOf(client, (await createJob(client, linesOf(named), lines)).id));
    });

    it('predicts what its library does for them over the Open Inference Protocol', async () => {
      const { body: metadata } = await client.get(`/v2/models/${name}`);
      const inputs = (metadata.inputs as { name: string; datatype: string }[]).map((input) => {
        const values = named.flatMap((row) => (input.name in row ? [row[input.name]] : Object.values(row)));
        return { ...input, shape: [named.length, values.length / named.length], data: values };
      });
      const { body } = await client.post(`/v2/models/${name}/infer`, { inputs });
      const outputs = body.outputs as { shape: number[]; data: number[] }[];
      const shares = outputs.find(({ shape }) => shape.length === 2)?.data ?? [];
      const expected = flat(proba) as number[];
      expect(shares).toHaveLength(expected.length);
      shares.forEach((share, index) => expect(share).toBeCloseTo(expected[index]!, 5));
    });
  });
});
