import { Injectable } from '@nestjs/common';
import { InjectModel, type Model, Pipeline } from '../../src/inference/index.js';
import { IntegerField } from '../../src/platform/http/index.js';
import type { Client, ClientResponse } from '../support/client.js';
import { csvForm, MULTIPART, multipart } from '../support/forms.js';
import { TestModelStore } from '../support/model-store.js';
import { createJob, linesOf, resultOf, sendJob } from '../support/prediction-jobs.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Gaps {
  readonly age?: number | null;
  readonly weight?: number | null;
  readonly half?: number | null;
  readonly count?: number | null;
  readonly flag?: boolean | null;
  readonly city?: string | null;
}
type Answer = Readonly<Record<string, unknown>>;

/** The model `gaps` passes its inputs through, and -1000 for NaN. */
const FEATURES = [
  { name: 'age', minimum: 0, maximum: 150, nullable: true },
  { name: 'weight', nullable: true, mean: 70, std: 10 },
  { name: 'half', nullable: true, missing: -1, minimum: 0 },
  { name: 'count', nullable: true, missing: -7, minimum: 0 },
  { name: 'flag', nullable: true, missing: true },
  { name: 'city', nullable: true },
];
const FULL = { age: 30, weight: 80, half: 0.5, count: 3, flag: false, city: 'Seoul' };
const FULL_ANSWER = { age_out: 30, weight_out: 1, half_out: 0.5, count_out: 3, flag_out: false, city_out: 'Seoul' };
const EMPTY_ANSWER = { age_out: -1000, weight_out: -1000, half_out: -1, count_out: -7, flag_out: true, city_out: '' };
const NULLS = { age: null, weight: null, half: null, count: null, flag: null, city: null };

class VisitDto {
  @IntegerField({ min: 0, max: 150, description: '0 if it is not known', example: 30 })
  age!: number;
}
class VisitAnswer {
  age!: number;
}

@Pipeline('visits', { input: VisitDto, answer: VisitAnswer })
class VisitsPipeline implements Pipeline<VisitDto, Gaps, Answer, VisitAnswer> {
  preprocess({ age }: VisitDto): Gaps {
    return { ...FULL, age: age === 0 ? NaN : age };
  }

  respond({ age_out }: Answer): VisitAnswer {
    return { age: age_out as number };
  }
}

@Injectable()
class Clinic {
  constructor(@InjectModel('gaps') readonly gaps: Model<Gaps, Answer>) {}
}

describe('Missing values', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    const manifest = { features: FEATURES, example: { input: FULL } };
    await store.add('gaps', 'gaps', { manifest: { ...manifest, cache: { maxEntries: 10 } } });
    await store.add('visits', 'gaps', { manifest });
    await store.add('strict', 'gaps');
    const defaults = { count: 1, flag: false, city: 'Busan', age: 1, weight: 1, half: 1 };
    const withDefaults = FEATURES.map((feature) => ({
      ...feature,
      default: defaults[feature.name as keyof typeof defaults],
    }));
    await store.add('defaults', 'gaps', { manifest: { features: withDefaults } });
    const columns = ['a', 'b', 'c'].map((name) => ({ name, nullable: name !== 'c' }));
    await store.add('table', 'impute', { manifest: { features: columns, output: { value: 'sum' } } });
    await store.add('lists', 'impute', {
      manifest: { features: [{ name: 'x', nullable: true }], output: { value: 'sum' } },
    });
    app = await startTestApp({ MODELS_DIR: store.path }, [], [Clinic, VisitsPipeline]);
    client = app.client();
    await client.signUpAndLogIn();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  const csv = { 'content-type': 'text/csv' };
  const csvOf = (rows: readonly object[]): string => {
    const lines = rows.map((row) => Object.values(row).map((value: string | number | boolean | null) => value ?? ''));
    return [Object.keys(rows[0] ?? {}), ...lines].map((line) => `${line.join(',')}\n`).join('');
  };
  const predict = (model: string, json: unknown): Promise<ClientResponse> =>
    client.post(`/models/${model}/predict`, json);
  const predictCsv = (model: string, raw: string): Promise<ClientResponse> => {
    return client.request('POST', `/models/${model}/predict`, { raw, headers: csv });
  };

  describe('of a nullable feature', () => {
    it('are null or absent in JSON, each row of a batch by itself', async () => {
      const instances = [FULL, NULLS, {}, { ...FULL, age: null }, { ...NULLS, weight: 70 }];
      const { body } = await predict('gaps', { instances });
      expect(body.predictions).toEqual([
        FULL_ANSWER,
        EMPTY_ANSWER,
        EMPTY_ANSWER,
        { ...FULL_ANSWER, age_out: -1000 },
        { ...EMPTY_ANSWER, weight_out: 0 },
      ]);
      expect((await client.get('/models/gaps')).body.batching).toEqual({ enabled: true, maxBatchSize: 256 });
    });

    it('give the cached prediction again, and not that of another value', async () => {
      const answers = [];
      for (const age of [null, 0, null, 0]) answers.push((await predict('gaps', { ...FULL, age })).body.predictions[0]);
      expect(answers.map(({ age_out }: Answer) => age_out)).toEqual([-1000, 0, -1000, 0]);
      const { text } = await client.get('/metrics');
      expect(text).toMatch(/model_cache_lookups_total\{model="gaps",version="1",result="hit"\} 2/);
    });

    it.each(['', 'NaN', 'nan', 'NA', 'N/A', 'null', 'NULL', 'None', '<NA>', '#N/A', ' NaN '])(
      'may be %j in a cell and in a form',
      async (text) => {
        const row = { age: text, weight: text, half: text, count: text, flag: text, city: '' };
        const expected = [EMPTY_ANSWER];
        expect((await predictCsv('gaps', csvOf([row]))).body.predictions).toEqual(expected);
        expect((await client.submit('/models/gaps/predict', row)).body.predictions).toEqual(expected);
        const upload = { raw: csvForm(csvOf([row])), headers: MULTIPART };
        expect((await client.request('POST', '/models/gaps/predict', upload)).body.predictions).toEqual(expected);
      },
    );

    it('are whole columns that a CSV leaves out', async () => {
      const { body } = await predictCsv('gaps', csvOf([{ city: 'Jeju' }, { city: 'Seoul' }]));
      expect(body.predictions).toEqual(['Jeju', 'Seoul'].map((city_out) => ({ ...EMPTY_ANSWER, city_out })));
    });

    it('are no texts: "NA" and "None" stay what they are', async () => {
      const rows = ['NA', 'None', 'null'].map((city) => ({ ...FULL, city }));
      const answers = rows.map(({ city }) => ({ ...FULL_ANSWER, city_out: city }));
      expect((await predictCsv('gaps', csvOf(rows))).body.predictions).toEqual(answers);
      expect((await predict('gaps', { instances: rows })).body.predictions).toEqual(answers);
    });

    it('are taken by jobs, from CSV and from JSON lines', async () => {
      const rows = [FULL, NULLS, { ...FULL, half: null }];
      const expected = [FULL_ANSWER, EMPTY_ANSWER, { ...FULL_ANSWER, half_out: -1 }];
      const { id } = await createJob(client, csvOf(rows), { model: 'gaps' });
      expect(await resultOf(client, id)).toMatchObject(expected);
      const headers = { 'content-type': 'application/x-ndjson' };
      const other = await createJob(client, linesOf(rows), { model: 'gaps', headers });
      expect(await resultOf(client, other.id)).toMatchObject(expected);
    });

    it('are null, NaN and undefined in product code, and what a pipeline makes', async () => {
      const { gaps } = app.app.get(Clinic);
      const none = { age: NaN, weight: undefined, half: NaN, count: NaN, flag: null, city: undefined };
      expect(await gaps.predictMany([none, { ...FULL, age: undefined }])).toEqual([
        EMPTY_ANSWER,
        { ...FULL_ANSWER, age_out: -1000 },
      ]);
      const { body } = await predict('visits', { instances: [{ age: 0 }, { age: 7 }] });
      expect(body.predictions).toEqual([{ age: -1000 }, { age: 7 }]);
    });

    it('take the default of an absent key or an empty cell, and are missing as null or NaN', async () => {
      const defaults = { age_out: 1, weight_out: -6.9, half_out: 1, count_out: 1, flag_out: false, city_out: 'Busan' };
      const { body } = await predict('defaults', { instances: [{}, NULLS] });
      expect(body.predictions[0].weight_out).toBeCloseTo(defaults.weight_out, 5);
      expect(body.predictions).toMatchObject([{ ...defaults, weight_out: expect.any(Number) }, EMPTY_ANSWER]);
      const cells = await predictCsv('defaults', 'age,count,city\n,,\nNaN,NA,Jeju\n');
      expect(cells.body.predictions).toMatchObject([
        { age_out: 1, count_out: 1, city_out: 'Busan' },
        { age_out: -1000, count_out: -7, city_out: 'Jeju' },
      ]);
    });

    it('may be elements of a list, which itself is given', async () => {
      const { body } = await predict('lists', { instances: [{ x: [1, null, 3] }, { x: [null, null, null] }] });
      expect(body.predictions).toEqual([{ value: 24 }, { value: 60 }]);
      const lists = 'x\n"[1, null, 3]"\n"[1, nan, 3]"\n"[None, 2, 3]"\n';
      const cells = await predictCsv('lists', lists);
      expect(cells.body.predictions).toEqual([{ value: 24 }, { value: 24 }, { value: 15 }]);
      for (const row of [{}, { x: null }, { x: [1, null] }]) expect((await predict('lists', row)).status).toBe(422);
    });

    it('are not checked against the range, which holds for given values', async () => {
      const { status, body } = await predict('gaps', { ...FULL, half: -1, age: 151 });
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([
        { location: ['body', 'age'], type: 'range', message: expect.stringContaining(', or null') },
        { location: ['body', 'half'], type: 'range' },
      ]);
    });
  });

  describe('of any other feature', () => {
    const HOW = 'where it may be missing, set "nullable": true for it in model.json';

    it.each([
      ['null', { age: null }, 'number', 'age must be a finite number'],
      ['null for a text', { city: null }, 'text', 'city must be well-formed text'],
      ['null for true or false', { flag: null }, 'boolean', 'flag must be true or false'],
    ])('are errors that say how to allow them: %s', async (_, value, type, message) => {
      const { status, body } = await predict('strict', { instances: [FULL, { ...FULL, ...value }] });
      const [name = ''] = Object.keys(value);
      expect(status).toBe(422);
      const rest = `1.${message}`;
      expect(body.errors).toMatchObject([
        { location: ['body', 'instances', 1, name], type, message: expect.stringContaining(rest) },
      ]);
      expect(body.errors[0].message).toContain(HOW);
    });

    it('are errors of the line in a CSV and in a job', async () => {
      const file = csvOf([FULL, { ...FULL, age: null }, { ...FULL, count: 'NA' }]);
      const errors = [
        { location: ['body', 'file', 3, 'age'], type: 'missing', message: expect.stringContaining(HOW) },
        { location: ['body', 'file', 4, 'count'], type: 'integer', message: expect.stringContaining(HOW) },
      ];
      expect((await predictCsv('strict', file)).body.errors).toMatchObject(errors);
      expect((await sendJob(client, file, { model: 'strict' })).body.errors).toMatchObject(errors);
    });

    it('are not suggested for another kind of mistake', async () => {
      const { body } = await predict('strict', { ...FULL, age: 'thirty', city: 3 });
      const messages = (body.errors as { message: string }[]).map(({ message }) => message);
      expect(messages.join()).not.toContain('nullable');
      expect(messages[1]).toBe('city must be well-formed text without NUL; write it as text: "3"');
    });

    it('are refused as NaN in JSON, which does not have it', async () => {
      const raw = '[{"age": NaN}]';
      const advice = expect.stringContaining('JSON has no NaN: write null for a missing value') as string;
      for (const path of ['/models/gaps/predict', '/models/gaps/jobs']) {
        const headers = { 'content-type': 'application/json' };
        const response = await client.request('POST', path, { raw, headers });
        expect([response.status, response.body.detail]).toEqual([400, advice]);
      }
      for (const filename of ['rows.json', 'rows.jsonl']) {
        const upload = multipart([{ name: 'file', filename, content: raw }]);
        const { status, body } = await client.request('POST', '/models/gaps/predict', {
          raw: upload,
          headers: MULTIPART,
        });
        expect([status, body.errors[0].message]).toEqual([422, advice]);
      }
    });
  });

  describe('by the Open Inference Protocol', () => {
    const infer = (model: string, inputs: readonly object[]): Promise<ClientResponse> => {
      return client.post(`/v2/models/${model}/infer`, { inputs });
    };
    const inferBinary = (model: string, input: object, data: Uint8Array): Promise<ClientResponse> => {
      const parameters = { binary_data_size: data.length };
      const json = Buffer.from(JSON.stringify({ inputs: [{ ...input, parameters }] }));
      const headers = { 'inference-header-content-length': String(json.length) };
      const raw = Buffer.concat([json, data]);
      return client.request('POST', `/v2/models/${model}/infer`, { raw, headers });
    };
    const bytesOf = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
    const X = { name: 'x', datatype: 'FP32', shape: [2, 3] };

    it('are null in JSON and NaN in binary data, for the columns that may be missing', async () => {
      const sums = [{ data: [33, 24] }];
      const data = [null, 20, 3, 1, null, 3];
      expect((await infer('table', [{ ...X, data }])).body.outputs).toMatchObject(sums);
      expect((await infer('table', [{ ...X, data: [data.slice(0, 3), data.slice(3)] }])).body.outputs).toMatchObject(
        sums,
      );
      expect((await inferBinary('table', X, bytesOf(NaN, 20, 3, 1, NaN, 3))).body.outputs).toMatchObject(sums);
      expect((await infer('lists', [{ ...X, data: [1, 2, null, null, 2, 3] }])).body.outputs).toMatchObject([
        { data: [33, 15] },
      ]);
    });

    it('are errors in the columns that may not be missing, and infinities everywhere', async () => {
      const advice = /value at 5.*"nullable": true for the feature "c"/;
      for (const response of [
        await infer('table', [{ ...X, data: [1, 2, 3, 1, 2, null] }]),
        await inferBinary('table', X, bytesOf(1, 2, 3, 1, 2, NaN)),
      ]) {
        expect(response.status).toBe(400);
        expect(response.body.error).toMatch(advice);
      }
      const infinite = await inferBinary('table', X, bytesOf(NaN, Infinity, 3, 1, 2, 3));
      expect([infinite.status, infinite.body.error]).toEqual([400, expect.not.stringContaining('nullable')]);
    });

    it('become what the model takes for them, in every type of element', async () => {
      const columns = { age: 'FP32', weight: 'FP64', count: 'INT64', flag: 'BOOL', city: 'BYTES' };
      const inputs = Object.entries(columns).map(([name, datatype]) => {
        return { name, datatype, shape: [1, 1], data: [null] };
      });
      const half = { name: 'half', datatype: 'FP16', shape: [1, 1], data: [null] };
      const { body } = await infer('gaps', [...inputs, half]);
      const answers = Object.fromEntries(
        (body.outputs as { name: string; data: unknown[] }[]).map(({ name, data }) => [name, data[0]]),
      );
      expect(answers).toEqual(EMPTY_ANSWER);
    });
  });

  it('are documented in the schemas of the model and of the API', async () => {
    const { body: model } = await client.get('/models/gaps');
    expect(model.input).not.toHaveProperty('required');
    expect(model.input.properties).toMatchObject({
      age: { type: ['number', 'null'], minimum: 0, maximum: 150 },
      count: { type: ['integer', 'null'] },
      flag: { type: ['boolean', 'null'] },
      city: { type: ['string', 'null'] },
    });
    expect((await client.get('/models/lists')).body.input).toMatchObject({
      properties: { x: { type: 'array', items: { type: ['number', 'null'] } } },
      required: ['x'],
    });
    const { body: document } = await client.get('/openapi.json');
    expect(document.components.schemas['gaps.row'].properties.age).toMatchObject({ type: 'number', nullable: true });
  });

  it('are empty fields of the form on the page of a model', async () => {
    const page = { headers: { accept: 'text/html' } };
    const { text } = await client.get('/models/gaps', page);
    expect(text).not.toMatch(/<input id="value-1"[^>]* required/);
    expect(text).toMatch(/<select id="value-5" name="flag"[^>]*>\s*<option value=""[^>]*><\/option>/);
    const empty = Object.fromEntries(Object.keys(FULL).map((name) => [name, '']));
    const answer = await client.submit('/models/gaps/predict', empty, page);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('-1000');
  });
});
