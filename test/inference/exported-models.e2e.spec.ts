import { join } from 'node:path';
import { runModelCommand } from '../../src/cli/model/run-model-command.js';
import { Env } from '../../src/platform/config/index.js';
import { ServingSettings } from '../../src/serving/serving.settings.js';
import type { Client } from '../support/client.js';
import { EXPORTED, flat, type Reference, referenceOf } from '../support/exported-models.js';
import { TestModelStore } from '../support/model-store.js';
import { createJob, finishedJob, resultOf } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** By the kind of prediction that each makes. Tables with missing values are in `exported-tables.e2e.spec.ts`. */
const CLASSIFIERS = ['rating123', 'rf_nozip', 'bayes', 'calibrated', 'catboost'];
const TEXTS = ['sentiment'];
const MULTI_LABEL = ['multilabel', 'multilabel_forest'];
const REGRESSORS = ['multireg', 'mixed', 'forecast'];
const NETS = ['lstm', 'ner'];
const MODELS = [...CLASSIFIERS, ...TEXTS, ...MULTI_LABEL, ...REGRESSORS, ...NETS];

type Row = Readonly<Record<string, unknown>>;

/** `npm run model -- add` with nothing else: no graph surgery, and no manifest written by hand. */
async function addAll(modelsDir: string): Promise<void> {
  const settings = new ServingSettings(new Env({ MODELS_DIR: modelsDir }));
  const context = { modelsDir, settings, url: 'http://localhost:3000', print: () => undefined };
  for (const name of MODELS) {
    await runModelCommand(['add', join(EXPORTED, `${name}.onnx`), '--name', name], () => context);
  }
}

/** The reference rows as objects by the names of the model's fields. */
function rowsOf({ rows }: Reference, fields: readonly string[]): Row[] {
  return rows.map((row) => {
    if (fields.length === 1) return { [fields[0]!]: row };
    return Array.isArray(row) ? Object.fromEntries(fields.map((name, index) => [name, row[index] as unknown])) : row;
  }) as Row[];
}

function csvOf(rows: readonly Row[], fields: readonly string[]): string {
  const lines = [fields, ...rows.map((row) => fields.map((name) => row[name]))];
  return lines.map((cells) => `${cells.map(toCell).join(',')}\n`).join('');
}

function toCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What the library predicts, in the form of predictions. */
function expectedOf(name: string, { label, proba, value, logits }: Reference, row: number): unknown {
  const near = (numbers: unknown): unknown[] => flat([numbers]).map((number) => expect.closeTo(number as number, 4));
  if (name === 'ner') return { logits: nested(logits?.[row]) };
  if (logits) return { probabilities: near(softmax(logits[row] as number[])) };
  if (value) return near(value[row]);
  if (!MULTI_LABEL.includes(name)) return { label: String(label?.[row]), probabilities: near(proba?.[row]) };
  const holding = (label?.[row] as number[]).flatMap((holds, index) => (holds ? [String(index)] : []));
  const probabilities = (proba as number[][][]).map((ofLabel) => ofLabel[row]![1]);
  return { labels: holding, probabilities: near(probabilities) };
}

/** A prediction with lists of numbers in the place of records. */
function comparable(name: string, prediction: Row): unknown {
  const { label, labels, probabilities, value, values } = prediction;
  const { horizon, logits } = prediction;
  if (name === 'ner') return { logits };
  const shares = probabilities && inOrderOfClasses(probabilities);
  if (labels !== undefined) return { labels, probabilities: shares };
  if (NETS.includes(name)) return { probabilities: shares };
  if (label !== undefined) return { label, probabilities: shares };
  return flat([horizon ?? value ?? Object.values(values ?? {})]);
}

/** The libraries order classes by size; an object has the key 1 before -1. */
function inOrderOfClasses(probabilities: object): unknown[] {
  const entries = Object.entries(probabilities) as [string, unknown][];
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, share]) => share);
}

function nested(value: unknown): unknown {
  return Array.isArray(value) ? value.map(nested) : (expect.closeTo(value as number, 4) as unknown);
}

function softmax(scores: readonly number[]): number[] {
  const exponentials = scores.map(Math.exp);
  const sum = exponentials.reduce((total, exponential) => total + exponential, 0);
  return exponentials.map((exponential) => exponential / sum);
}

describe('Models as libraries export them, added by the command alone', () => {
  let store: TestModelStore;
  let app: TestApp;
  let member: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    await addAll(store.path);
    app = await startTestApp({ MODELS_DIR: store.path });
    member = app.client();
    await member.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  it.each(MODELS)('%s predicts what its library does, by JSON, CSV and job', async (name) => {
    const reference = referenceOf(name);
    const { body: model } = await member.get(`/models/${name}`);
    expect(model).toMatchObject({ state: 'ready', reason: null, batching: { enabled: true } });
    const fields = Object.keys(model.input.properties as object);
    const rows = rowsOf(reference, fields);
    const expected = rows.map((_, row) => expectedOf(name, reference, row));
    const compare = (predictions: unknown): void => {
      expect((predictions as Row[]).map((prediction) => comparable(name, prediction))).toEqual(expected);
    };
    const json = await member.post(`/models/${name}/predict`, { instances: rows });
    expect(json.status).toBe(200);
    compare(json.body.predictions);
    const csv = csvOf(rows, fields);
    const headers = { 'content-type': 'text/csv' };
    const table = await member.request('POST', `/models/${name}/predict`, { raw: csv, headers });
    expect(table.status).toBe(200);
    compare(table.body.predictions);
    const job = await createJob(member, csv, { model: name });
    compare(await resultOf(member, job.id));
  });

  it('gives the index of a class in the order of the model, whatever its value is', async () => {
    const [row] = rowsOf(referenceOf('rating123'), ['feature_1', 'feature_2', 'feature_3']);
    const { body } = await member.post('/models/rating123/predict', row!);
    expect(body).toMatchObject({ predictions: [{ label: '3', index: 2 }] });
  });

  it('writes a column for each probability into the CSV of a job', async () => {
    const fields = ['feature_1', 'feature_2', 'feature_3'];
    const { id } = await createJob(member, csvOf(rowsOf(referenceOf('multilabel'), fields), fields), {
      model: 'multilabel',
    });
    await finishedJob(member, id);
    const { text } = await member.request('GET', `/jobs/${id}/result`, { headers: { accept: 'text/csv' } });
    expect(text.split('\n')[0]).toBe('feature_1,feature_2,feature_3,labels,probability_0,probability_1,probability_2');
  });
});
