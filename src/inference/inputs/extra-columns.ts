import { ChoiceField, type FieldError, validatedNames } from '../../platform/http/index.js';
import type { ExtraColumns } from '../../platform/records/index.js';
import type { ModelVersion } from '../../serving/index.js';
import type { RegisteredPipeline } from '../pipelines/pipeline-registry.js';

/** What to do with columns, or keys of a row, that a prediction does not read. They are refused unless kept. */
export type Extra = 'keep';

const HINT = '; ?extra=keep ignores it';

/** For the header of CSV. */
export function extraColumns(extra: Extra | undefined): ExtraColumns {
  return { isKept: extra === 'keep', hint: HINT };
}

/** The query parameter `extra`. */
export function ExtraParameter(): PropertyDecorator {
  return ChoiceField(['keep'] satisfies Extra[], {
    optional: true,
    description:
      'Ignores columns, and keys of rows, that are no features. The result of a job repeats them, with the prefix `input_` where results have such a name of their own',
  });
}

/** The fields that a prediction reads of an input; undefined where a pipeline may read any. */
export function inputNames(
  version: ModelVersion,
  pipeline: RegisteredPipeline | undefined,
): ReadonlySet<string> | undefined {
  const { input } = pipeline?.metadata ?? {};
  if (input) return new Set(validatedNames(input));
  if (pipeline?.steps.preprocess || !version.schema) return undefined;
  return new Set(version.schema.fields.map(({ name }) => name));
}

/** A row without the keys that are not in `names`. One without any of them is unchanged: it is another kind of row, and is refused. */
export function withoutExtra(row: unknown, names: ReadonlySet<string>): unknown {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return row;
  const entries = Object.entries(row);
  const known = entries.filter(([key]) => names.has(key));
  return known.length === entries.length || known.length === 0 ? row : Object.fromEntries(known);
}

/** Adds the hint to keep them to the errors of unknown keys of an input. @param location of the input */
export function hintAtExtra(errors: readonly FieldError[], location?: FieldError['location']): FieldError[] {
  return errors.map((error) => {
    const isKey = location === undefined || error.location.length === location.length + 1;
    return error.type === 'unknown' && isKey ? { ...error, message: `${error.message}${HINT}` } : error;
  });
}
