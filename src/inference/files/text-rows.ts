import { type FieldError, InvalidInputError, type TextFields, textFieldsOf } from '../../http/index.js';
import type { FoundPipeline } from '../pipeline/pipelines.service.js';
import { takesForms } from '../predictions/prediction-input.js';
import type { ModelVersion } from '../store/model-version.js';

/** Where the header of a CSV stands. */
const HEADER = ['body', 'file', 1] as const;

/**
 * How the cells of a CSV, which are texts, become inputs: of the model's features, or of the pipeline's own DTO. Undefined
 * where there is no telling what a text would be.
 */
export function textRowsOf(version: ModelVersion, pipeline: FoundPipeline | undefined): TextFields | undefined {
  const { input } = pipeline?.metadata ?? {};
  if (input) return textFieldsOf(input);
  if (!takesForms(pipeline) || !version.schema) return undefined;
  const { fields } = version.schema;
  return {
    names: fields.map(({ name }) => name),
    required: fields.filter(({ feature }) => feature.default === undefined).map(({ name }) => name),
    read: (texts) => version.fromForm(texts),
  };
}

/** Throws `InvalidInputError` with an entry for each column that is unknown or missing: once, not in every row. */
export function checkColumns(columns: readonly string[], { names, required }: TextFields): void {
  const unknown = columns
    .filter((column) => !names.includes(column))
    .map((column) => broken(column, 'unknown', `is not a known column; known: ${names.join(', ')}`));
  const missing = required
    .filter((name) => !columns.includes(name))
    .map((name) => broken(name, 'missing', 'is required as a column of the header'));
  if (unknown.length + missing.length > 0) throw new InvalidInputError([...missing, ...unknown]);
}

function broken(column: string, type: string, rest: string): FieldError {
  return { location: [...HEADER, column], type, message: `${column} ${rest}` };
}
