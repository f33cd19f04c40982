import type { OpenAPIObject } from '@nestjs/swagger';
import { type JsonSchema, inputSchema, outputSchema } from '../signature/json-schema.js';
import type { Model } from '../store/model.js';
import type { ModelStore } from '../store/model-store.js';

type Operation = Record<string, unknown> & { requestBody?: object; responses: Record<string, object> };

const GENERIC = '/models/{name}/predict';
const WITH_VERSION = '/models/{name}/versions/{version}/predict';
const ANY_ROW = { type: 'object', additionalProperties: true, description: 'A row: a value for each feature' };

/** Gives each model that is ready an operation of its own, typed from its rows and answers; and `/predict` those of the default. */
export function describeModels(document: OpenAPIObject, store: ModelStore): void {
  const generic = document.paths[GENERIC]?.post as unknown as Operation | undefined;
  if (!generic) return;
  describeAnyModel(document, store);
  for (const model of store.all()) describeOne(document, model, generic);
  describeShortcut(document, store);
}

/** The operations that serve whichever model is asked for: the example is the default model's. */
function describeAnyModel(document: OpenAPIObject, store: ModelStore): void {
  const description = 'A row of the model, or `{"instances": […]}` with many';
  const body = bodyOf({ ...ANY_ROW, description }, ANY_ROW, store.default.manifest.example?.input);
  for (const path of [GENERIC, WITH_VERSION]) Object.assign(document.paths[path]?.post ?? {}, { requestBody: body });
}

function describeOne(document: OpenAPIObject, model: Model, generic: Operation): void {
  const schemas = schemasOf(model);
  if (!schemas) return;
  const { input, output } = schemas;
  const component = (suffix: string): string => `${model.name}.${suffix}`;
  Object.assign((document.components ??= {}).schemas ?? {}, {
    [component('row')]: input,
    [component('prediction')]: output,
  });
  const row = { $ref: `#/components/schemas/${component('row')}` };
  const prediction = { $ref: `#/components/schemas/${component('prediction')}` };
  const one = model.serving?.exampleRow;
  const body = { oneOf: [row, instancesOf(row, model.serving?.limits.rows)] };
  const description = model.manifest.description ?? '';
  document.paths[`/models/${model.name}/predict`] = {
    post: {
      ...generic,
      operationId: `Models_predict_${model.name}`,
      summary: `Predict with ${model.name}`,
      description,
      parameters: [],
      requestBody: bodyOf(body, row, one),
      responses: { ...generic.responses, 200: { description: '', content: json(answerOf(prediction)) } },
    } as never,
  };
}

function describeShortcut(document: OpenAPIObject, store: ModelStore): void {
  const { default: model } = store;
  if (!schemasOf(model)) return;
  const row = { $ref: `#/components/schemas/${model.name}.row` };
  const path = document.paths['/predict'];
  for (const operation of [path?.post, path?.put] as unknown as Operation[]) {
    const rows = { oneOf: [row, { type: 'array', items: row, minItems: 1, maxItems: model.serving?.limits.rows }] };
    operation.requestBody = bodyOf(rows, row, model.serving?.exampleRow);
  }
}

function schemasOf({ serving }: Model): { input: JsonSchema; output: JsonSchema } | undefined {
  if (!serving?.schema || !serving.signature) return undefined;
  const input = inputSchema(serving.schema, serving.exampleRow);
  return { input, output: outputSchema(serving.signature, serving.manifest) };
}

function bodyOf(schema: object, row: object, example: object | undefined): object {
  return {
    required: true,
    content: {
      'application/json': { schema, ...(example ? { example } : {}) },
      'application/x-www-form-urlencoded': { schema: row },
    },
  };
}

function instancesOf(row: object, maxItems: number | undefined): object {
  return {
    type: 'object',
    required: ['instances'],
    additionalProperties: false,
    properties: { instances: { type: 'array', items: row, minItems: 1, maxItems } },
  };
}

function answerOf(prediction: object): object {
  return {
    type: 'object',
    required: ['model', 'version', 'predictions'],
    properties: {
      model: { type: 'string' },
      version: { type: 'string' },
      predictions: { type: 'array', items: prediction },
    },
  };
}

function json(schema: object): object {
  return { 'application/json': { schema } };
}
