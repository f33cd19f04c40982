import type { Example } from '../manifest/manifest.js';
import type { Tensor } from '../signature/tensor.js';
import type { RowField, RowSchema } from '../signature/row-schema.js';
import type { CheckedRow } from '../signature/row-check.js';
import type { Prediction } from './respond.js';

/** Relative above 1 and absolute below. The order of float32 operations changes results by less. */
const TOLERANCE = 1e-4;

/**
 * Compares the prediction for the example with the values that the manifest expects.
 *
 * @param outputs the outputs of the same run, by tensor name
 * @returns the first difference, as a message for the operator; undefined if there is none
 */
export function findMismatch(prediction: Prediction, outputs: Prediction, example: Example): string | undefined {
  const { label, value, output, tolerance = TOLERANCE } = example;
  if (label !== undefined && prediction.label !== label) {
    return `it answers its own example with "${prediction.label}" instead of "${label}"`;
  }
  if (value !== undefined && !isClose(prediction.value, value, tolerance)) {
    return `it answers its own example with ${prediction.value} instead of ${value}`;
  }
  const wrong = Object.entries(output ?? {}).find(([name, expected]) => !isClose(outputs[name], expected, tolerance));
  return wrong ? `its output "${wrong[0]}" for its own example is not the one in model.json` : undefined;
}

/** Deep equality with a tolerance for numbers. */
export function isClose(actual: unknown, expected: unknown, tolerance = TOLERANCE): boolean {
  if (typeof actual === 'number' && typeof expected === 'number') {
    return Object.is(actual, expected) || Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
  }
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) {
    return actual === expected;
  }
  const keys = Object.keys(expected);
  return (
    keys.length === Object.keys(actual).length &&
    keys.every((key) => isClose((actual as never)[key], (expected as never)[key], tolerance))
  );
}

/**
 * Three different input rows: the example, or else the middle of each range, and two variations of it. Fewer where the fields
 * allow no variation, as in a model that takes only text.
 */
export function selfTestRows({ fields }: RowSchema, example: CheckedRow | undefined): CheckedRow[] {
  const first = example ?? fields.map((field) => fill(field, middle(field)));
  const rows = [0, 1, 2].map((step) => fields.map((field, index) => shift(field, first[index], step)));
  const distinct = new Map(rows.map((row) => [JSON.stringify(row), row]));
  return [...distinct.values()];
}

/** A row without the values that may be missing; undefined where none may be. */
export function rowOfMissing({ fields }: RowSchema, row: CheckedRow): CheckedRow | undefined {
  if (!fields.some(({ feature }) => feature.nullable)) return undefined;
  return fields.map((field, index) => (field.feature.nullable ? fill(field, null) : row[index]));
}

function fill({ shape }: RowField, element: unknown): unknown {
  return shape.reduceRight<unknown>((item, size) => {
    return Array.from({ length: typeof size === 'string' ? 1 : size }, () => item);
  }, element);
}

function middle({ type, feature: { minimum, maximum, values } }: RowField): unknown {
  if (values) return values[0];
  if (type === 'string') return '';
  if (type === 'bool') return false;
  const center = minimum !== undefined && maximum !== undefined ? (minimum + maximum) / 2 : (minimum ?? maximum ?? 1);
  return type.startsWith('float') ? center : Math.round(center);
}

/** Moves a value by a number of steps, in the direction in which its range has more room; an allowed value to the next ones. */
function shift(field: RowField, value: unknown, steps: number): unknown {
  if (steps === 0) return value;
  if (Array.isArray(value)) return value.map((item) => shift(field, item, steps));
  if (value === null) return shift(field, middle(field), steps);
  const { values } = field.feature;
  if (values) return values[(values.indexOf(value as number | string) + steps) % values.length];
  if (typeof value === 'boolean') return steps === 1 ? !value : value;
  if (typeof value !== 'number') return value;
  const { minimum = -Infinity, maximum = Infinity } = field.feature;
  const [up, down] = [maximum - value, value - minimum];
  const isFloat = field.type.startsWith('float');
  const step = isFloat ? Math.min(Math.abs(value) * 0.1 + 0.05, Math.max(up, down) / 2) : 1;
  const moved = value + steps * (up >= down ? step : -step);
  return Math.min(Math.max(moved, minimum), maximum);
}

/** Whether a batch has the same outputs, row by row, as runs of its rows one at a time. */
export function matchesSingleRuns(batch: readonly Tensor[], singleRuns: readonly (readonly Tensor[])[]): boolean {
  return batch.every(({ name, data }) => {
    const parts = singleRuns.map((outputs) => outputs.find((output) => output.name === name)?.data ?? []);
    return isClose(
      Array.from<unknown>(data),
      parts.flatMap((part) => Array.from<unknown>(part)),
    );
  });
}
