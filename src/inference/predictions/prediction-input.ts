import { type FieldError, InvalidInputError } from '../../http/index.js';
import { TooManyRowsError } from '../inference.errors.js';
import type { ModelVersion } from '../store/model-version.js';
import { type CheckedRow, RowCheck } from '../signature/row-validator.js';

/** A body as it came, and whether it came as a form, in which every value is a text. */
export interface PredictionBody {
  readonly value: unknown;
  readonly isForm: boolean;
}

const BODY = ['body'] as const;

/** The rows of `POST /predict`: one row object, or an array of them. */
export function rowsOfPredict({ value, isForm }: PredictionBody, version: ModelVersion): CheckedRow[] {
  if (!isForm && Array.isArray(value)) return checkRows(value, BODY, version);
  return checkRow({ value, isForm }, version);
}

/** The rows of `POST /models/{name}/predict`: one row object, or `{"instances": […]}`. */
export function rowsOfModelPredict({ value, isForm }: PredictionBody, version: ModelVersion): CheckedRow[] {
  if (isForm || !isInstances(value, version)) return checkRow({ value, isForm }, version);
  const { instances, ...others } = value;
  const errors = Object.keys(others).map((key): FieldError => {
    return { location: [...BODY, key], type: 'unknown', message: `${key} is not a known field; known: instances` };
  });
  if (errors.length > 0) throw new InvalidInputError(errors);
  if (Array.isArray(instances)) return checkRows(instances, [...BODY, 'instances'], version);
  const message = 'instances must be an array of rows';
  throw new InvalidInputError([{ location: [...BODY, 'instances'], type: 'array', message }]);
}

/** A model may have an input that is called "instances" itself. */
function isInstances(value: unknown, version: ModelVersion): value is { instances: unknown } {
  const isField = version.schema?.fields.some((field) => field.name === 'instances') ?? false;
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'instances') && !isField;
}

function checkRow({ value, isForm }: PredictionBody, version: ModelVersion): CheckedRow[] {
  const check = new RowCheck(version.limits);
  const row = isForm ? version.fromForm((value ?? {}) as Record<string, unknown>) : value;
  const checked = version.check(row, BODY, check);
  if (check.errors.length > 0) throw new InvalidInputError(check.errors);
  return [checked];
}

function checkRows(rows: readonly unknown[], location: FieldError['location'], version: ModelVersion): CheckedRow[] {
  if (rows.length === 0) {
    const name = location.at(-1);
    throw new InvalidInputError([{ location, type: 'array', message: `${name} must hold at least one row` }]);
  }
  if (rows.length > version.limits.rows) throw new TooManyRowsError(version.limits.rows);
  const check = new RowCheck(version.limits);
  const checked = rows.map((row, index) => version.check(row, [...location, index], check));
  if (check.errors.length > 0) throw new InvalidInputError(check.errors);
  return checked;
}
