import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import { IntegerField } from '../../src/platform/http/index.js';
import {
  type ResponseContext,
  getModelToken,
  InjectModel,
  type Model,
  Pipeline,
  type PipelineContext,
} from '../../src/inference/index.js';
import type { Client } from '../support/client.js';
import { TestModelStore } from '../support/model-store.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface IrisRow {
  readonly sepal_length: number;
  readonly sepal_width: number;
  readonly petal_length: number;
  readonly petal_width: number;
}

interface IrisPrediction {
  readonly label: string;
  readonly index: number;
}

const VIRGINICA = { sepal_length: 5.9, sepal_width: 3, petal_length: 5.1, petal_width: 1.8 };
const SETOSA = { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: 0.2 };

@Injectable()
class Florist {
  constructor(@InjectModel('iris') private readonly iris: Model<IrisRow, IrisPrediction>) {}

  async name(row: IrisRow): Promise<string> {
    return (await this.iris.predict(row)).label;
  }

  async names(rows: readonly IrisRow[]): Promise<string[]> {
    return (await this.iris.predictMany(rows)).map(({ label }) => label);
  }
}

class TableDto {
  @IntegerField({ min: 1, max: 10, description: 'How many guests', example: 4 })
  guests!: number;
}

class SumDto {
  text!: string;
}

/** `sum.onnx` adds two numbers: the guests, and 100 for a member. */
@Pipeline('tables', { input: TableDto, answer: SumDto })
class TablesPipeline implements Pipeline<TableDto, { a: number; b: number }, { value: number }, SumDto> {
  async preprocess({ guests }: TableDto, context: PipelineContext): Promise<{ a: number; b: number }> {
    const caller = await context.caller();
    return { a: guests, b: caller ? 100 : guests === 9 ? NaN : 0 };
  }

  respond({ value }: { value: number }, context: ResponseContext<TableDto, { a: number; b: number }>): SumDto {
    return { text: `${context.model}/${context.version}: ${value} for ${context.input.guests}, ${context.features.b}` };
  }
}

/** Has no `preprocess`. */
@Pipeline('bills', { answer: SumDto })
class BillsPipeline implements Pipeline<{ a: number; b: number }, { a: number; b: number }, { value: number }, SumDto> {
  respond({ value }: { value: number }, { features }: ResponseContext<object, { a: number; b: number }>): SumDto {
    return { text: `${typeof features.a}: ${value}` };
  }
}

describe('Product code', () => {
  let store: TestModelStore;
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    store = await TestModelStore.create();
    const features = [{ name: 'a' }, { name: 'b' }];
    await store.add('tables', 'sum', { manifest: { features, output: { value: 'sum' } } });
    await store.add('bills', 'sum', { manifest: { features, output: { value: 'sum' } } });
    app = await startTestApp({ MODELS_DIR: store.path }, [], [Florist, TablesPipeline, BillsPipeline]);
    client = app.client();
  });

  afterAll(async () => {
    await app.close();
    await store.remove();
  });

  describe('@InjectModel', () => {
    it('predicts one row and many', async () => {
      const florist = app.app.get(Florist);
      expect(await florist.name(VIRGINICA)).toBe('virginica');
      expect(await florist.names([SETOSA, VIRGINICA])).toEqual(['setosa', 'virginica']);
      expect(await florist.names([])).toEqual([]);
    });

    it('rejects with the errors of an invalid row', async () => {
      const florist = app.app.get(Florist);
      await expect(florist.name({ ...VIRGINICA, petal_width: NaN })).rejects.toMatchObject({
        code: 'request.invalid',
        errors: [{ location: ['features', 0, 'petal_width'], type: 'number' }],
      });
    });

    it('counts predictions with those over HTTP', async () => {
      const requestCount = async (): Promise<number> => {
        const { text } = await client.get('/metrics');
        return Number(/model_request_duration_seconds_count\{model="iris",version="1"\} (\d+)/.exec(text)?.[1] ?? 0);
      };
      const before = await requestCount();
      await app.app.get(Florist).name(SETOSA);
      expect(await requestCount()).toBe(before + 1);
    });

    it('can be overridden in a test', async () => {
      const iris: Model<IrisRow, IrisPrediction> = {
        predict: () => Promise.resolve({ label: 'rose', index: 7 }),
        predictMany: () => Promise.resolve([]),
      };
      const module = await Test.createTestingModule({ imports: [AppModule.forRoot({})], providers: [Florist] })
        .overrideProvider(getModelToken('iris'))
        .useValue(iris)
        .compile();
      expect(await module.get(Florist).name(SETOSA)).toBe('rose');
    });
  });

  describe('@Pipeline', () => {
    const path = '/models/tables/predict';

    it('accepts inputs and returns responses of its own types', async () => {
      const one = await client.post(path, { guests: 4 });
      expect(one).toMatchObject({ status: 200, body: { model: 'tables', version: '1' } });
      expect(one.body.predictions).toEqual([{ text: 'tables/1: 4 for 4, 0' }]);
      const { body } = await client.post(path, { instances: [{ guests: 1 }, { guests: 2 }] });
      expect(body.predictions).toEqual([{ text: 'tables/1: 1 for 1, 0' }, { text: 'tables/1: 2 for 2, 0' }]);
    });

    it('accepts forms only without inputs of its own', async () => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const bill = await client.request('POST', '/models/bills/predict', { raw: 'a=1.5&b=2', headers });
      expect(bill).toMatchObject({ status: 200, body: { predictions: [{ text: 'number: 3.5' }] } });
      expect(await client.request('POST', path, { raw: 'guests=4', headers })).toMatchObject({
        status: 415,
        body: { code: 'request.unsupported-media-type', detail: expect.stringContaining('application/json') },
      });
      const { paths } = (await client.get('/openapi.json')).body;
      const kindsOf = (name: string) => Object.keys(paths[`/models/${name}/predict`].post.requestBody.content);
      expect(kindsOf('bills')).toContain(headers['content-type']);
      expect(kindsOf('tables')).not.toContain(headers['content-type']);
    });

    it('reads CSV by the fields of its input DTO', async () => {
      const headers = { 'content-type': 'text/csv' };
      const response = await client.request('POST', path, { raw: 'guests\n4\n2\n', headers });
      expect(response.body.predictions).toEqual([{ text: 'tables/1: 4 for 4, 0' }, { text: 'tables/1: 2 for 2, 0' }]);
      const invalid = await client.request('POST', path, { raw: 'guests\n4\n\n11\n', headers });
      expect(invalid).toMatchObject({ status: 422, body: { errors: [{ location: ['body', 'file', 4, 'guests'] }] } });
      const unknown = await client.request('POST', path, { raw: 'guests,x\n4,1\n', headers });
      expect(unknown).toMatchObject({ status: 422, body: { errors: [{ location: ['body', 'file', 1, 'x'] }] } });
    });

    it('receives the logged-in member', async () => {
      const member = app.client();
      await member.signUpAndLogIn();
      expect((await member.post(path, { guests: 4 })).body.predictions).toEqual([{ text: 'tables/1: 104 for 4, 100' }]);
    });

    it('reports invalid inputs at their locations', async () => {
      const { status, body } = await client.post(path, { instances: [{ guests: 1 }, { guests: 0, seats: 1 }] });
      expect(status).toBe(422);
      expect(body.errors.map(({ location }: { location: unknown[] }) => location)).toEqual(
        expect.arrayContaining([
          ['body', 'instances', 1, 'guests'],
          ['body', 'instances', 1, 'seats'],
        ]),
      );
    });

    it('fails with 500 where it makes an invalid row from a valid input', async () => {
      expect(await client.post(path, { guests: 9 })).toMatchObject({
        status: 500,
        body: { code: 'model.pipeline-failed' },
      });
    });

    it('is documented by its DTOs', async () => {
      const { body } = await client.get('/openapi.json');
      const operation = body.paths['/models/tables/predict'].post;
      expect(operation.requestBody.content['application/json'].schema.oneOf[0]).toEqual({
        $ref: '#/components/schemas/TableDto',
      });
      expect(body.components.schemas.TableDto.properties.guests).toMatchObject({ minimum: 1, maximum: 10 });
    });

    it('does not affect other models', async () => {
      expect((await client.post('/predict', SETOSA)).body).toEqual({ result: [0] });
    });
  });
});
