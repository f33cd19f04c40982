import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { textFieldsOf } from '../../platform/http/index.js';
import { fileBodyContent } from '../../platform/records/index.js';
import type { JsonSchema, Model, ModelStore, ModelVersion, ServingSettings } from '../../serving/index.js';
import { imageBodyContent } from '../inputs/image.docs.js';
import { acceptsModelRows, inputTextFields, jsonRowsOf } from '../inputs/prediction-input.js';
import { anyRowMemberSchemas, rowMemberSchemas, rowsSchema } from '../inputs/rows.docs.js';
import type { PipelineRegistry, RegisteredPipeline } from '../pipelines/pipeline-registry.js';
import { type ModelSchemas, ownSchemasOf, schemasOf } from './model-schemas.js';

type Operation = Record<string, unknown> & {
  requestBody?: object;
  parameters?: readonly { readonly in: string }[];
  responses: Record<string, { readonly content?: object }>;
};

/** Sources of the models' part of the document. */
interface Sources {
  readonly store: ModelStore;
  readonly pipelines: PipelineRegistry;
  readonly settings: ServingSettings;
}

const GENERIC_PATH = '/models/{name}/predict';
const VERSION_PATH = '/models/{name}/versions/{version}/predict';
const ANY_ROW = { type: 'object', additionalProperties: true, description: 'A row: a value for each feature' };

/**
 * Adds an operation for each ready model, with the schemas of its rows and predictions, and for each version that has others;
 * `/predict` gets those of the default model.
 */
export function describeModels(document: OpenAPIObject, sources: Sources): void {
  const { store } = sources;
  const generic = document.paths[GENERIC_PATH]?.post as unknown as Operation | undefined;
  if (!generic) return;
  describeGenericOperations(document, store);
  for (const model of store.all()) {
    describeModelOperation(document, model, generic, sources);
    describeVersionOperations(document, model, sources);
  }
  const defaultModel = store.findDefault();
  if (defaultModel) describeDefaultModel(document, defaultModel, sources);
}

/** Documents the operations with `{name}` in their path, with the example of the default model. */
function describeGenericOperations(document: OpenAPIObject, store: ModelStore): void {
  const { defaultVersion, manifest } = store.findDefault() ?? {};
  const example = defaultVersion?.exampleRow ?? manifest?.example?.input;
  const body = requestBody(
    { anyOf: [ANY_ROW, ...anyRowMemberSchemas(ANY_ROW)], description: 'A row of the model, or many' },
    { form: ANY_ROW, example, acceptsCsv: true, acceptsImages: false },
  );
  for (const path of [GENERIC_PATH, VERSION_PATH]) {
    Object.assign(document.paths[path]?.post ?? {}, { requestBody: body });
  }
}

function describeModelOperation(document: OpenAPIObject, model: Model, generic: Operation, sources: Sources): void {
  const { name } = model;
  const schemas = schemasOf(model);
  if (schemas) addComponents(document, name, schemas);
  const references = schemas && {
    row: rowReference(model),
    prediction: { $ref: `#/components/schemas/${name}.prediction` },
  };
  const { defaultVersion: version } = model;
  const operation = predictOperation({ model, version, schemas, ...references }, generic, sources);
  if (!operation) return;
  const id = { operationId: `Models_predict_${name}`, summary: `Predict with ${name}` };
  document.paths[`/models/${name}/predict`] = { post: { ...operation, ...id } as never };
}

/** Adds an operation for each version that takes other rows, or gives other predictions, than the default version. */
function describeVersionOperations(document: OpenAPIObject, model: Model, sources: Sources): void {
  const generic = document.paths[VERSION_PATH]?.post as unknown as Operation;
  const { name } = model;
  for (const candidate of model.versions) {
    const schemas = ownSchemasOf(candidate, model);
    if (!schemas) continue;
    // Not as components: their names could be those of another model.
    const { input: row, output: prediction } = schemas;
    const operation = predictOperation({ model, version: candidate, schemas, row, prediction }, generic, sources);
    const { version } = candidate;
    const id = {
      operationId: `Models_predictWithVersion_${name}_${version}`,
      summary: `Predict with version ${version} of ${name}`,
    };
    document.paths[`/models/${name}/versions/${version}/predict`] = { post: { ...operation, ...id } as never };
  }
}

/** What an operation predicts with; the schemas or references are undefined where they are not known. */
interface PredictionTarget {
  readonly model: Model;
  /** Undefined for a model that loads on its first request. */
  readonly version: ModelVersion | undefined;
  readonly schemas: ModelSchemas | undefined;
  readonly row?: object;
  readonly prediction?: object;
}

/** An operation like the generic one, with the schemas of the model or of its pipeline. */
function predictOperation(
  { model, schemas, ...own }: PredictionTarget,
  generic: Operation,
  { pipelines, settings }: Sources,
): object | undefined {
  const pipeline = pipelines.find(model.name);
  const { input, answer } = pipeline?.metadata ?? {};
  const row = input ? { $ref: getSchemaPath(input) } : own.row;
  const prediction = answer ? { $ref: getSchemaPath(answer) } : own.prediction;
  if (!row || !prediction) return undefined;
  const rows = describeRows({ version: own.version, row, schemas, pipeline }, settings);
  const body = { oneOf: [row, ...rowMemberSchemas(rows)] };
  return {
    ...generic,
    description: model.manifest.description ?? '',
    parameters: generic.parameters?.filter((parameter) => parameter.in === 'query') ?? [],
    requestBody: requestBody(body, bodyFormats(model, pipeline, row, schemas)),
    responses: {
      ...generic.responses,
      200: {
        description: '',
        content: { ...generic.responses['200']?.content, ...json(predictionsSchema(prediction)) },
      },
    },
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

function rowReference({ name }: Model): object {
  return { $ref: `#/components/schemas/${name}.row` };
}

function describeDefaultModel(document: OpenAPIObject, model: Model, { pipelines, settings }: Sources): void {
  const pipeline = pipelines.find(model.name);
  const schemas = schemasOf(model);
  if (!schemas) return;
  const { input } = pipeline?.metadata ?? {};
  const row = input ? { $ref: getSchemaPath(input) } : rowReference(model);
  const formats = bodyFormats(model, pipeline, row, schemas);
  const described = describeRows({ version: model.defaultVersion, row, schemas, pipeline }, settings);
  const rows = { oneOf: [row, rowsSchema(described), ...rowMemberSchemas(described)] };
  const path = document.paths['/predict'];
  for (const operation of [path?.post, path?.put] as unknown as Operation[]) {
    operation.requestBody = requestBody(rows, formats);
  }
}

/** The rows of a request body. */
interface RowsBody {
  readonly version: ModelVersion | undefined;
  readonly row: object;
  readonly schemas: ModelSchemas | undefined;
  readonly pipeline: RegisteredPipeline | undefined;
}

/** Without a version nothing tells how it takes lists and tables. */
function describeRows(
  { version, row, schemas, pipeline }: RowsBody,
  { limits }: ServingSettings,
): Parameters<typeof rowsSchema>[0] {
  const rows = version ? jsonRowsOf(version, pipeline) : { members: ['instances'] as const };
  const columns = version && inputTextFields(version, pipeline)?.names;
  const [value] = Object.values((schemas?.input.properties ?? {}) as Record<string, JsonSchema>);
  return { row, rows, columns, value, maxItems: limits.rows };
}

/** The formats of a body besides JSON. */
interface BodyFormats {
  /** Schema of a form; undefined where none is accepted. */
  readonly form: object | undefined;
  readonly acceptsCsv: boolean;
  readonly acceptsImages: boolean;
  readonly example: Readonly<Record<string, unknown>> | undefined;
}

function bodyFormats(
  { manifest }: Model,
  pipeline: RegisteredPipeline | undefined,
  row: object,
  schemas: ModelSchemas | undefined,
): BodyFormats {
  const { input } = pipeline?.metadata ?? {};
  const acceptsRows = acceptsModelRows(pipeline);
  const acceptsImages = acceptsRows && manifest.input !== undefined;
  if (acceptsImages) return { form: undefined, acceptsImages, acceptsCsv: false, example: schemas?.example };
  return {
    acceptsImages,
    form: acceptsRows ? row : undefined,
    acceptsCsv: acceptsRows || (input !== undefined && textFieldsOf(input) !== undefined),
    example: input ? undefined : schemas?.example,
  };
}

function requestBody(schema: object, { form, acceptsCsv, acceptsImages, example }: BodyFormats): object {
  const asJson = { 'application/json': { schema, ...(example ? { example } : {}) } };
  // Swagger UI selects the first media type.
  if (acceptsImages) return { required: true, content: { ...imageBodyContent(), ...asJson } };
  return {
    required: true,
    content: {
      ...asJson,
      ...(form ? { 'application/x-www-form-urlencoded': { schema: form } } : {}),
      ...fileBodyContent(example, acceptsCsv),
    },
  };
}

function predictionsSchema(prediction: object): object {
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
