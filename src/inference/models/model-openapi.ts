import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { textFieldsOf } from '../../platform/http/index.js';
import { fileBodyContent } from '../../platform/records/index.js';
import { imageContent } from '../inputs/image.docs.js';
import type { Model, ModelStore, ServingSettings } from '../../serving/index.js';
import type { RegisteredPipeline, PipelineRegistry } from '../pipelines/pipeline-registry.js';
import { type ModelSchemas, schemasOf } from './model-schemas.js';
import { acceptsModelRows } from '../inputs/prediction-input.js';

type Operation = Record<string, unknown> & { requestBody?: object; responses: Record<string, object> };

/** What the models' part of the document is made from. */
interface Sources {
  readonly store: ModelStore;
  readonly pipelines: PipelineRegistry;
  readonly settings: ServingSettings;
}

/** What browsers get that send the form of a model's page. */
const PAGE = { 'text/html': { schema: { type: 'string' } } };

const GENERIC = '/models/{name}/predict';
const WITH_VERSION = '/models/{name}/versions/{version}/predict';
const ANY_ROW = { type: 'object', additionalProperties: true, description: 'A row: a value for each feature' };

/** Gives each model that is ready an operation of its own, typed from its rows and answers; and `/predict` those of the default. */
export function describeModels(document: OpenAPIObject, sources: Sources): void {
  const { store } = sources;
  const generic = document.paths[GENERIC]?.post as unknown as Operation | undefined;
  if (!generic) return;
  describeAnyModel(document, store);
  for (const model of store.all()) describeOne(document, model, generic, sources);
  const shortcut = store.findDefault();
  if (shortcut) describeShortcut(document, shortcut, sources);
}

/** The operations that serve whichever model is asked for: the example is the default model's. */
function describeAnyModel(document: OpenAPIObject, store: ModelStore): void {
  const description = 'A row of the model, or `{"instances": […]}` with many';
  const example = store.findDefault()?.manifest.example?.input;
  const body = bodyOf({ ...ANY_ROW, description }, { form: ANY_ROW, example, takesCsv: true, takesPictures: false });
  for (const path of [GENERIC, WITH_VERSION]) Object.assign(document.paths[path]?.post ?? {}, { requestBody: body });
}

function describeOne(document: OpenAPIObject, model: Model, generic: Operation, sources: Sources): void {
  const { pipelines, settings } = sources;
  const pipeline = pipelines.find(model.name);
  const schemas = schemasOf(model);
  if (schemas) addComponents(document, model.name, schemas);
  const { input, answer } = pipeline?.metadata ?? {};
  const row = input ? { $ref: getSchemaPath(input) } : schemas && rowOf(model);
  const prediction = answer
    ? { $ref: getSchemaPath(answer) }
    : schemas && { $ref: `#/components/schemas/${model.name}.prediction` };
  if (!row || !prediction) return;
  const body = { oneOf: [row, instancesOf(row, settings.limits.rows)] };
  document.paths[`/models/${model.name}/predict`] = {
    post: {
      ...generic,
      operationId: `Models_predict_${model.name}`,
      summary: `Predict with ${model.name}`,
      description: model.manifest.description ?? '',
      parameters: [],
      requestBody: bodyOf(body, extrasOf(model, pipeline, row, schemas)),
      responses: {
        ...generic.responses,
        200: { description: '', content: { ...json(answerOf(prediction)), ...PAGE } },
      },
    } as never,
  };
}

function addComponents(document: OpenAPIObject, name: string, { input, output }: ModelSchemas): void {
  document.components ??= {};
  document.components.schemas = {
    ...document.components.schemas,
    [`${name}.row`]: input,
    [`${name}.prediction`]: output,
  };
}

function rowOf({ name }: Model): object {
  return { $ref: `#/components/schemas/${name}.row` };
}

function describeShortcut(document: OpenAPIObject, model: Model, { pipelines, settings }: Sources): void {
  const pipeline = pipelines.find(model.name);
  const schemas = schemasOf(model);
  if (!schemas) return;
  const { input } = pipeline?.metadata ?? {};
  const row = input ? { $ref: getSchemaPath(input) } : rowOf(model);
  const extras = extrasOf(model, pipeline, row, schemas);
  const rows = { oneOf: [row, { type: 'array', items: row, minItems: 1, maxItems: settings.limits.rows }] };
  const path = document.paths['/predict'];
  for (const operation of [path?.post, path?.put] as unknown as Operation[]) {
    operation.requestBody = bodyOf(rows, extras);
  }
}

/** What a body may be beside JSON. */
interface Extras {
  /** The row that may be sent as a form. */
  readonly form: object | undefined;
  readonly takesCsv: boolean;
  readonly takesPictures: boolean;
  readonly example: Readonly<Record<string, unknown>> | undefined;
}

function extrasOf(
  { manifest }: Model,
  pipeline: RegisteredPipeline | undefined,
  row: object,
  schemas: ModelSchemas | undefined,
): Extras {
  const { input } = pipeline?.metadata ?? {};
  const isForm = acceptsModelRows(pipeline);
  const takesPictures = isForm && manifest.input !== undefined;
  if (takesPictures) return { form: undefined, takesPictures, takesCsv: false, example: schemas?.example };
  return {
    takesPictures,
    form: isForm ? row : undefined,
    takesCsv: isForm || (input !== undefined && textFieldsOf(input) !== undefined),
    example: input ? undefined : schemas?.example,
  };
}

function bodyOf(schema: object, { form, takesCsv, takesPictures, example }: Extras): object {
  const asJson = { 'application/json': { schema, ...(example ? { example } : {}) } };
  // The first is what the page offers.
  if (takesPictures) return { required: true, content: { ...imageContent(), ...asJson } };
  return {
    required: true,
    content: {
      ...asJson,
      ...(form ? { 'application/x-www-form-urlencoded': { schema: form } } : {}),
      ...fileBodyContent(example, takesCsv),
    },
  };
}

function instancesOf(row: object, maxItems: number): object {
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
