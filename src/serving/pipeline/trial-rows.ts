import type { CheckedRow } from '../signature/row-check.js';
import type { RowField, RowSchema } from '../signature/row-schema.js';
import { sizeOf } from '../signature/tensor.js';

/** Of what size made rows are, where the model leaves it open. */
export interface OpenSizes {
  /** The length of dimensions without a size. */
  readonly length: number;
  /** The number of dimensions of tensors without a shape. */
  readonly rank: number;
}

/** Sizes to try one after another: a model may need a length of more than one, as of an average over windows. */
export const OPEN_SIZES: readonly OpenSizes[] = [
  { length: 1, rank: 1 },
  { length: 2, rank: 2 },
  { length: 8, rank: 3 },
  { length: 32, rank: 0 },
];

/** Values in a made row of a model with several open dimensions. */
const MAX_ELEMENTS = 100_000;
/** Of different lengths, so that a model that looks at all texts of a run together shows it. */
const TEXTS = ['text', 'some text', 'a longer text'];

/**
 * Three different input rows: the example, or else the middle of each range, and two variations of it. Fewer where the fields
 * allow no variation, as with a minimum that is the maximum.
 */
export function selfTestRows(
  { fields }: RowSchema,
  example: CheckedRow | undefined,
  sizes: OpenSizes = OPEN_SIZES[0]!,
): CheckedRow[] {
  const first = example ?? fields.map((field) => fill(field, middle(field), sizes));
  const rows = [0, 1, 2].map((step) => fields.map((field, index) => shift(field, first[index], step)));
  const distinct = new Map(rows.map((row) => [JSON.stringify(row), row]));
  return [...distinct.values()];
}

/** A row without the values that may be missing; undefined where none may be. */
export function rowOfMissing(
  { fields }: RowSchema,
  row: CheckedRow,
  sizes: OpenSizes = OPEN_SIZES[0]!,
): CheckedRow | undefined {
  if (!fields.some(({ feature }) => feature.nullable)) return undefined;
  return fields.map((field, index) => (field.feature.nullable ? fill(field, null, sizes) : row[index]));
}

function fill({ shape, hasUnknownRank }: RowField, element: unknown, { length, rank }: OpenSizes): unknown {
  const lengthsFor = (open: number): number[] => shape.map((size) => (typeof size === 'string' ? open : size));
  const wanted = hasUnknownRank ? new Array<number>(rank).fill(length) : lengthsFor(length);
  const lengths = sizeOf(wanted) > MAX_ELEMENTS ? lengthsFor(1) : wanted;
  return lengths.reduceRight<unknown>((item, size) => Array.from({ length: size }, () => item), element);
}

/** The values that the field allows, or that the graph has categories for. */
function choicesOf({ type, feature, hints }: RowField): readonly unknown[] {
  const isText = type === 'string';
  const choices: readonly unknown[] = feature.values ?? hints?.categories ?? (isText ? TEXTS : []);
  return choices.filter((choice) => (typeof choice === 'string') === isText);
}

function middle(field: RowField): unknown {
  const { type, feature } = field;
  const { minimum, maximum } = feature;
  const [choice] = choicesOf(field);
  if (choice !== undefined) return choice;
  if (type === 'string') return '';
  if (type === 'bool') return false;
  const center = minimum !== undefined && maximum !== undefined ? (minimum + maximum) / 2 : (minimum ?? maximum ?? 1);
  return type.startsWith('float') ? center : Math.round(center);
}

/** Moves a value by a number of steps, in the direction in which its range has more room; a choice to the next ones. */
function shift(field: RowField, value: unknown, steps: number): unknown {
  if (steps === 0) return value;
  if (Array.isArray(value)) return value.map((item) => shift(field, item, steps));
  if (value === null) return shift(field, middle(field), steps);
  if (typeof value === 'boolean') return steps === 1 ? !value : value;
  const choices = choicesOf(field);
  if (choices.length > 0) return choices[(choices.indexOf(value) + steps) % choices.length];
  if (typeof value !== 'number') return value;
  const { minimum = -Infinity, maximum = Infinity } = field.feature;
  const [up, down] = [maximum - value, value - minimum];
  const isFloat = field.type.startsWith('float');
  const step = isFloat ? Math.min(Math.abs(value) * 0.1 + 0.05, Math.max(up, down) / 2) : 1;
  const moved = value + steps * (up >= down ? step : -step);
  return Math.min(Math.max(moved, minimum), maximum);
}
