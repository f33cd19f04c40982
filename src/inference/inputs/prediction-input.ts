import { type FieldError, InvalidInputError, type TextFields, textFieldsOf } from '../../platform/http/index.js';
import { type CheckedRow, isRequired, type ModelVersion, RowCheck, TooManyRowsError } from '../../serving/index.js';
import { hintAtExtra } from './extra-columns.js';
import type { RegisteredPipeline } from '../pipelines/pipeline-registry.js';

/** A parsed body. All values of a form are strings. */
export interface PredictionBody {
  readonly value: unknown;
  readonly isForm: boolean;
}

/** The input of one prediction, before validation: a row of the model, or an input of its pipeline. */
export interface PredictionInput {
  readonly value: unknown;
  /** Position in the request, for error messages. */
  readonly location: FieldError['location'];
}

const BODY = ['body'] as const;

/**
 * Whether clients send rows of the model. A pipeline with inputs of its own says nothing about how to read the strings of
 * a form, the cells of a CSV or an image.
 */
export function acceptsModelRows(pipeline: RegisteredPipeline | undefined): boolean {
  return !pipeline?.metadata.input && !pipeline?.steps.preprocess;
}

/** Whether `{"instances": […]}` wraps rows. Not so for a model that has an input of this name. */
export function acceptsInstances({ schema }: ModelVersion): boolean {
  return !schema?.fields.some((field) => field.name === 'instances');
}

/**
 * Parses the body of `POST /predict`: one row object, or an array of them.
 *
 * @throws InvalidInputError, TooManyRowsError
 */
export function parseRowOrArray({ value, isForm }: PredictionBody, version: ModelVersion): readonly PredictionInput[] {
  if (isForm) return [parseForm(value, version)];
  if (Array.isArray(value)) return parseRows(value, BODY, version);
  return [{ value, location: BODY }];
}

/**
 * Parses the body of `POST /models/{name}/predict`: one row object, or `{"instances": […]}`.
 *
 * @throws InvalidInputError, TooManyRowsError
 */
export function parseRowOrInstances(
  { value, isForm }: PredictionBody,
  version: ModelVersion,
): readonly PredictionInput[] {
  if (isForm) return [parseForm(value, version)];
  if (!isInstances(value, version)) return [{ value, location: BODY }];
  const { instances, ...others } = value;
  const errors = Object.keys(others).map((key): FieldError => {
    return { location: [...BODY, key], type: 'unknown', message: `${key} is not a known field; known: instances` };
  });
  if (errors.length > 0) throw new InvalidInputError(errors);
  if (Array.isArray(instances)) return parseRows(instances, [...BODY, 'instances'], version);
  const message = 'instances must be an array of rows';
  throw new InvalidInputError([{ location: [...BODY, 'instances'], type: 'array', message }]);
}

/**
 * Checks inputs as rows of the model.
 *
 * @throws InvalidInputError with every error at its location
 */
export function checkRows(inputs: readonly PredictionInput[], version: ModelVersion): CheckedRow[] {
  const check = new RowCheck(version.limits);
  const rows = inputs.map(({ value, location }) => version.check(value, location, check));
  if (check.errors.length > 0) throw new InvalidInputError(hintAtExtra(check.errors));
  return rows;
}

/**
 * Checks rows that product code has made. Their locations are `["features", <row>, <name>]`.
 *
 * @throws InvalidInputError with every error at its location
 */
export function checkFeatures(features: readonly object[], version: ModelVersion): CheckedRow[] {
  const check = new RowCheck(version.limits);
  const rows = features.map((row, index) => version.check(row, ['features', index], check));
  if (check.errors.length > 0) throw new InvalidInputError(check.errors);
  return rows;
}

/**
 * Reads strings, such as the cells of a CSV, as the features of the model or the fields of the pipeline's DTO.
 *
 * @returns undefined where neither has types that strings can be converted to
 */
export function inputTextFields(
  version: ModelVersion,
  pipeline: RegisteredPipeline | undefined,
): TextFields | undefined {
  const { input } = pipeline?.metadata ?? {};
  if (input) return textFieldsOf(input);
  if (!acceptsModelRows(pipeline) || !version.schema) return undefined;
  const { fields } = version.schema;
  return {
    names: fields.map(({ name }) => name),
    required: fields.filter(isRequired).map(({ name }) => name),
    read: (texts) => version.fromForm(texts),
  };
}

/** A form without a field has no body. */
function parseForm(value: unknown, version: ModelVersion): PredictionInput {
  return { value: version.fromForm((value ?? {}) as Record<string, unknown>), location: BODY };
}

function isInstances(value: unknown, version: ModelVersion): value is { instances: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'instances') && acceptsInstances(version);
}

function parseRows(
  rows: readonly unknown[],
  location: FieldError['location'],
  version: ModelVersion,
): readonly PredictionInput[] {
  if (rows.length === 0) {
    const name = location.at(-1);
    throw new InvalidInputError([{ location, type: 'array', message: `${name} must hold at least one row` }]);
  }
  if (rows.length > version.limits.rows) throw new TooManyRowsError(version.limits.rows);
  return rows.map((value, index) => ({ value, location: [...location, index] }));
}
