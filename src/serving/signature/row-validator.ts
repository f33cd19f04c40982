import type { FieldError } from '../../platform/http/index.js';
import { checkElement, expectation, isValidScalar, missingMessage } from './check-element.js';
import { elementAcceptsFor, FastRowValidator, MAX_FLOAT32 } from './fast-row-validator.js';
import { isMissing, isRequired } from './missing-values.js';
import type { CheckedRow, Location, RowCheck } from './row-check.js';
import { listHint, readText } from './read-text.js';
import type { RowField, RowSchema } from './row-schema.js';
import { MAX_RANK, shapeOfNested } from './nested-shape.js';

/** The first invalid default value of a feature; undefined if all are valid. */
export function findInvalidDefault({ fields }: RowSchema, check: RowCheck): FieldError | undefined {
  for (const field of fields) {
    if (field.feature.default !== undefined) checkField(field, {}, ['default'], check, new Map());
  }
  return check.errors[0];
}

/** Validates rows against the fields of a model. */
export class RowValidator {
  private readonly fields: ReadonlyMap<string, RowField>;
  private readonly names: string;
  private readonly fast: FastRowValidator;
  private readonly blankRow: Readonly<Record<string, undefined>>;

  constructor(private readonly schema: RowSchema) {
    this.fast = new FastRowValidator(schema);
    this.fields = new Map(schema.fields.map((field) => [field.name, field]));
    this.names = schema.fields.map((field) => field.name).join(', ');
    this.blankRow = blankRowOf(schema);
  }

  /** The values of a valid row; adds the errors of an invalid one to `check`. */
  check(row: unknown, location: Location, check: RowCheck): CheckedRow {
    if (check.isFull) return [];
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      const hint = Array.isArray(row) && location.length === 1 ? '; send several rows as {"instances": […]}' : '';
      check.add(location, 'object', `must be an object with ${this.names}${hint}`);
      return [];
    }
    return this.fast.accept(row, check) ?? this.checkFully(row, location, check);
  }

  /** Checks value by value, and adds an error for each invalid one. */
  private checkFully(row: object, location: Location, check: RowCheck): CheckedRow {
    for (const key of Object.keys(row)) {
      if (check.isFull) break;
      if (this.fields.has(key)) continue;
      check.add([...location, key], 'unknown', `is not a known field; known: ${this.names}`);
    }
    const lengths: SymbolicLengths = new Map();
    return this.schema.fields.map((field) => checkField(field, row as Values, location, check, lengths));
  }

  /** Parses the texts of a form to the types of their fields; text that cannot be parsed stays text. */
  fromForm(form: Values): Record<string, unknown> {
    const row: Record<string, unknown> = { ...this.blankRow };
    for (const key of Object.keys(form)) {
      const field = this.fields.get(key);
      const text = form[key];
      const value = field && typeof text === 'string' ? readText(text, field) : text;
      // An assignment would set the prototype.
      if (key === '__proto__') Object.defineProperty(row, key, { value, enumerable: true });
      else row[key] = value;
    }
    return row;
  }
}

/**
 * A row without values. V8 makes a slow hash table of an object that gets more than a few keys one by one, and none of a copy of what
 * its JSON parser made.
 */
function blankRowOf({ fields }: RowSchema): Record<string, undefined> {
  const nulls = JSON.stringify(Object.fromEntries(fields.map(({ name }) => [name, null])));
  const row = JSON.parse(nulls) as Record<string, undefined>;
  for (const { name } of fields) row[name] = undefined;
  return row;
}

type Values = Readonly<Record<string, unknown>>;

/** The value of each symbolic length in this row, as found in its first array. */
type SymbolicLengths = Map<string, number>;

function checkField(
  field: RowField,
  row: Values,
  location: Location,
  check: RowCheck,
  lengths: SymbolicLengths,
): unknown {
  const given = Object.hasOwn(row, field.name) ? row[field.name] : undefined;
  const value = plainValue(field, given === undefined ? field.feature.default : given);
  const place = [...location, field.name];
  if (!isRequired(field) && isMissing(field, value)) return null;
  if (value === undefined) check.add(place, 'missing', missingMessage(field));
  else if (field.hasUnknownRank) checkAnyShape(field, value, place, check);
  else checkNested(field, 0, value, place, check, lengths);
  return value;
}

/** The value in a list of one, where that stands for it. */
function plainValue({ takesList }: RowField, value: unknown): unknown {
  return takesList && Array.isArray(value) && value.length === 1 ? (value as readonly unknown[])[0] : value;
}

function checkNested(
  field: RowField,
  depth: number,
  value: unknown,
  location: Location,
  check: RowCheck,
  lengths: SymbolicLengths,
): void {
  if (check.isFull) return;
  const size = field.shape[depth];
  if (size === undefined) {
    checkElement(field, value, location, check);
    return;
  }
  if (depth === 0 && value instanceof Float32Array) {
    checkFlat(field, value, location, check);
    return;
  }
  if (!Array.isArray(value) || value.length !== requiredLength(size, value.length, lengths)) {
    const length = typeof size === 'number' ? size : lengths.get(size);
    check.add(
      location,
      'shape',
      `must be an array of ${length === undefined ? '' : `${length} `}values${listHint(value)}`,
    );
    return;
  }
  check.count(value.length);
  const items: readonly unknown[] = value;
  items.forEach((item, index) => {
    // Makes a location only for an invalid value, or an array that may hold one.
    if (isValidScalar(field, depth + 1, item, check.limits)) return;
    checkNested(field, depth + 1, item, [...location, index], check, lengths);
  });
}

/** Checks nested arrays given as one typed array in row-major order: by product code, never in JSON. */
function checkFlat(field: RowField, values: Float32Array, location: Location, check: RowCheck): void {
  const size = field.shape.reduce<number>((product, length) => product * Number(length), 1);
  if (values.length !== size) {
    check.add(location, 'shape', `must hold as many values as ${expectation(field)}`);
    return;
  }
  check.count(size);
  const invalid = firstInvalid(field, values, check);
  if (invalid !== -1) checkElement(field, values[invalid], [...location, invalid], check);
}

/** The index of the first invalid value, or -1. A picture has 150,000 values: for each, a call would make an object of it. */
function firstInvalid(field: RowField, values: Float32Array, { limits }: RowCheck): number {
  const { minimum = -Infinity, maximum = Infinity, mean = 0, std = 1, values: listed } = field.feature;
  const isPlain = field.type === 'float32' && mean === 0 && std === 1 && !listed;
  // Nothing is from 1 to 0.
  const [from, to] = isPlain ? [Math.max(minimum, -MAX_FLOAT32), Math.min(maximum, MAX_FLOAT32)] : [1, 0];
  const accepts = elementAcceptsFor(field);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]!;
    if (value >= from && value <= to) continue;
    if (!accepts(value, limits) && !isValidScalar(field, field.shape.length, value, limits)) return index;
  }
  return -1;
}

/** The required length of an array: fixed, or that of the first array with this symbol. */
function requiredLength(size: number | string, found: number, lengths: SymbolicLengths): number {
  if (typeof size === 'number') return size;
  const length = lengths.get(size) ?? found;
  lengths.set(size, length);
  return length;
}

/** Checks nested arrays of any shape, as long as it is regular: all arrays of one depth have one length. */
function checkAnyShape(field: RowField, value: unknown, location: Location, check: RowCheck): void {
  const shape = shapeOfNested(value);
  if (shape.length > MAX_RANK) {
    check.add(location, 'shape', `must have at most ${MAX_RANK} levels of arrays`);
    return;
  }
  checkNested({ ...field, shape }, 0, value, location, check, new Map());
}
