import { type FieldError, InvalidInputError } from '../../platform/http/index.js';
import { type CheckedRow, type ModelVersion, RowCheck, TooManyRowsError } from '../../serving/index.js';
import type { FoundPipeline } from '../pipelines/pipelines.service.js';

/** A body as it came, and whether it came as a form, in which every value is a text. */
export interface PredictionBody {
  readonly value: unknown;
  readonly isForm: boolean;
}

/** What a body holds, one for each answer, and where each stands. */
export type Items = readonly { readonly value: unknown; readonly location: FieldError['location'] }[];

const BODY = ['body'] as const;

/** A form's texts are read as the model's features: inputs of a pipeline's own say nothing of how to read them. */
export function takesForms(pipeline: FoundPipeline | undefined): boolean {
  return !pipeline?.metadata.input && !pipeline?.steps.preprocess;
}

/** Of `POST /predict`: one row object, or an array of them. */
export function itemsOfPredict({ value, isForm }: PredictionBody, version: ModelVersion): Items {
  if (isForm) return [itemOfForm(value, version)];
  if (Array.isArray(value)) return itemsIn(value, BODY, version);
  return [{ value, location: BODY }];
}

/** Of `POST /models/{name}/predict`: one row object, or `{"instances": […]}`. */
export function itemsOfModelPredict({ value, isForm }: PredictionBody, version: ModelVersion): Items {
  if (isForm) return [itemOfForm(value, version)];
  if (!isInstances(value, version)) return [{ value, location: BODY }];
  const { instances, ...others } = value;
  const errors = Object.keys(others).map((key): FieldError => {
    return { location: [...BODY, key], type: 'unknown', message: `${key} is not a known field; known: instances` };
  });
  if (errors.length > 0) throw new InvalidInputError(errors);
  if (Array.isArray(instances)) return itemsIn(instances, [...BODY, 'instances'], version);
  const message = 'instances must be an array of rows';
  throw new InvalidInputError([{ location: [...BODY, 'instances'], type: 'array', message }]);
}

/** The items as rows of the model; throws `InvalidInputError` with all that is wrong with them. */
export function checkItems(items: Items, version: ModelVersion): CheckedRow[] {
  const check = new RowCheck(version.limits);
  const rows = items.map(({ value, location }) => version.check(value, location, check));
  if (check.errors.length > 0) throw new InvalidInputError(check.errors);
  return rows;
}

/** A form without a field has no body. */
function itemOfForm(value: unknown, version: ModelVersion): Items[number] {
  return { value: version.fromForm((value ?? {}) as Record<string, unknown>), location: BODY };
}

/** Whether `{"instances": […]}` holds rows: a model may have an input that is called so itself. */
export function takesInstances({ schema }: ModelVersion): boolean {
  return !schema?.fields.some((field) => field.name === 'instances');
}

function isInstances(value: unknown, version: ModelVersion): value is { instances: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'instances') && takesInstances(version);
}

function itemsIn(rows: readonly unknown[], location: FieldError['location'], version: ModelVersion): Items {
  if (rows.length === 0) {
    const name = location.at(-1);
    throw new InvalidInputError([{ location, type: 'array', message: `${name} must hold at least one row` }]);
  }
  if (rows.length > version.limits.rows) throw new TooManyRowsError(version.limits.rows);
  return rows.map((value, index) => ({ value, location: [...location, index] }));
}
