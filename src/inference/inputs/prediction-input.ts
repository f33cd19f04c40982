import { InvalidInputError, type TextFields, textFieldsOf } from '../../platform/http/index.js';
import { type JsonRows, type ListRow, ROW_MEMBERS, type RowMember } from '../../platform/records/index.js';
import { type CheckedRow, isRequired, type ModelVersion, RowCheck } from '../../serving/index.js';
import { type Extra, extraColumns, hintAtExtra } from './extra-columns.js';
import type { RegisteredPipeline } from '../pipelines/pipeline-registry.js';
import { type PredictionInput, readRowList, readRowMember } from './json-rows.js';

export type { PredictionInput } from './json-rows.js';

/** A parsed body. All values of a form are strings. */
export interface PredictionBody {
  readonly value: unknown;
  readonly isForm: boolean;
}

const BODY = ['body'] as const;

/**
 * Whether clients send rows of the model. A pipeline with inputs of its own says nothing about how to read the strings of
 * a form, the cells of a CSV or an image.
 */
export function acceptsModelRows(pipeline: RegisteredPipeline | undefined): boolean {
  return !pipeline?.metadata.input && !pipeline?.steps.preprocess;
}

/**
 * How JSON holds the inputs of a model, or of its pipeline. A member that an input has too does not hold inputs: it is never
 * ambiguous.
 */
export function jsonRowsOf(version: ModelVersion, pipeline: RegisteredPipeline | undefined): JsonRows {
  const { input } = pipeline?.metadata ?? {};
  const takesModelRows = acceptsModelRows(pipeline);
  const names = input ? textFieldsOf(input)?.names : version.schema?.fields.map(({ name }) => name);
  const isKnown = names !== undefined && (input !== undefined || takesModelRows);
  const candidates: readonly RowMember[] = isKnown ? ROW_MEMBERS : ['instances'];
  return {
    members: candidates.filter((member) => !names?.includes(member)),
    lists: takesModelRows ? listRowOf(version) : undefined,
  };
}

/** Lists are rows of a model with one input: its values in the order of the features. Of several inputs none is the first. */
function listRowOf({ schema }: ModelVersion): ListRow | undefined {
  const [input, ...others] = schema?.inputs ?? [];
  if (!input || others.length > 0) return undefined;
  const [only, ...more] = input.fields;
  const isWhole = more.length === 0 && only !== undefined && only.shape.length > 0;
  return { names: input.fields.map(({ name }) => name), isWhole };
}

/**
 * Parses the body of `POST /predict`: as `parseRowOrInstances`, or an array of rows.
 *
 * @throws InvalidInputError, TooManyRowsError
 */
export function parseRowOrArray(
  body: PredictionBody,
  version: ModelVersion,
  pipeline?: RegisteredPipeline,
  extra?: Extra,
): readonly PredictionInput[] {
  const { value, isForm } = body;
  if (isForm || !Array.isArray(value)) return parseRowOrInstances(body, version, pipeline, extra);
  const { lists } = jsonRowsOf(version, pipeline);
  return readRowList(value, BODY, { lists, limits: version.limits });
}

/**
 * Parses the body of `POST /models/{name}/predict`: one row object, or an object whose one member holds rows (`ROW_MEMBERS`).
 *
 * @throws InvalidInputError, TooManyRowsError
 */
export function parseRowOrInstances(
  { value, isForm }: PredictionBody,
  version: ModelVersion,
  pipeline?: RegisteredPipeline,
  extra?: Extra,
): readonly PredictionInput[] {
  if (isForm) return [parseForm(value, version)];
  const member = findRowMember(value);
  if (member === undefined) return [{ value, location: BODY }];
  const { members, lists } = jsonRowsOf(version, pipeline);
  if (!members.includes(member)) return [{ value, location: BODY }];
  const known = inputTextFields(version, pipeline);
  const columns = known && { ...known, extra: extraColumns(extra) };
  return readRowMember(value as object, member, { lists, columns, limits: version.limits });
}

/**
 * Checks inputs as rows of the model.
 *
 * @throws InvalidInputError with every error at its location
 */
export function checkRows(inputs: readonly PredictionInput[], version: ModelVersion): CheckedRow[] {
  const check = new RowCheck(version.limits);
  const rows = inputs.map(({ value, location, checked }) => checked ?? version.check(value, location, check));
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

/** The member of a JSON body that may hold rows; undefined if it has none. */
function findRowMember(value: unknown): RowMember | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const member of ROW_MEMBERS) if (Object.hasOwn(value, member)) return member;
  return undefined;
}
