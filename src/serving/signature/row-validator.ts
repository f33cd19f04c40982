import { type FieldError, MAX_ERRORS } from '../../platform/http/index.js';
import { TooManyElementsError } from '../serving.errors.js';
import { ELEMENT_RULES } from './element-rules.js';
import type { RowField, RowSchema } from './row-schema.js';

/** The path of a value in the request: `["body", "instances", 3, "size"]`. */
export type Location = readonly (string | number)[];

/** The valid values of a row, in the order of the schema's fields. */
export type CheckedRow = readonly unknown[];

/** The limits of one request. */
export interface InputLimits {
  readonly rows: number;
  /** Values of all rows together. */
  readonly elements: number;
  /** Characters of one text. */
  readonly textLength: number;
}

/** The state of the check of one request: the errors found, and the values counted against the limits. */
export class RowCheck {
  readonly errors: FieldError[] = [];
  private elements = 0;

  constructor(readonly limits: InputLimits) {}

  get isFull(): boolean {
    return this.errors.length >= MAX_ERRORS;
  }

  /** @throws TooManyElementsError once the request has more values than its limit */
  count(elements: number): void {
    this.elements += elements;
    if (this.elements > this.limits.elements) throw new TooManyElementsError(this.limits.elements);
  }

  /** @param rest the message after the name of the field */
  add(location: Location, type: string, rest: string): void {
    const name = location.length > 1 ? location.slice(1).join('.') : 'the row';
    if (!this.isFull) this.errors.push({ location, type, message: `${name} ${rest}` });
  }
}

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

  constructor(private readonly schema: RowSchema) {
    this.fast = new FastRowValidator(schema);
    this.fields = new Map(schema.fields.map((field) => [field.name, field]));
    this.names = schema.fields.map((field) => field.name).join(', ');
  }

  /** The values of a valid row; adds the errors of an invalid one to `check`. */
  check(row: unknown, location: Location, check: RowCheck): CheckedRow {
    if (check.isFull) return [];
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      check.add(location, 'object', `must be an object with ${this.names}`);
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
    const row: Record<string, unknown> = {};
    for (const key of Object.keys(form)) {
      const field = this.fields.get(key);
      const text = form[key];
      const value = field && typeof text === 'string' ? ELEMENT_RULES[field.type].parse(text) : text;
      // An assignment would set the prototype.
      if (key === '__proto__') Object.defineProperty(row, key, { value, enumerable: true });
      else row[key] = value;
    }
    return row;
  }
}

/** Whether a value is certainly valid; an invalid or an unusual one is not. */
type Accepts = (value: unknown, limits: InputLimits) => boolean;

interface FastField {
  readonly name: string;
  readonly defaultValue: unknown;
  /** Undefined where the field always needs the full check. */
  readonly accepts: Accepts | undefined;
}

/** The greatest finite float32. */
const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * The fast path of `RowValidator`: accepts most valid rows without making locations and messages. A row that it does not
 * accept gets the full check.
 */
export class FastRowValidator {
  private readonly fields: readonly FastField[];

  constructor({ fields }: RowSchema) {
    this.fields = fields.map((field) => {
      return { name: field.name, defaultValue: field.feature.default, accepts: acceptsFor(field) };
    });
  }

  /** The row's values in the order of the fields; undefined if the row needs the full check. */
  accept(row: object, check: RowCheck): CheckedRow | undefined {
    const values: unknown[] = [];
    let given = 0;
    let elements = 0;
    for (const { name, defaultValue, accepts } of this.fields) {
      const isGiven = Object.hasOwn(row, name);
      const value = isGiven ? (row as Record<string, unknown>)[name] : defaultValue;
      if (accepts === undefined || value === undefined || !accepts(value, check.limits)) return undefined;
      if (isGiven) given += 1;
      if (Array.isArray(value)) elements += value.length;
      values.push(value);
    }
    if (Object.keys(row).length !== given) return undefined;
    check.count(elements);
    return values;
  }
}

function acceptsFor(field: RowField): Accepts | undefined {
  const [size] = field.shape;
  const accepts = elementAcceptsFor(field);
  if (field.shape.length === 0) return accepts;
  if (field.shape.length > 1 || typeof size !== 'number' || size === 0) return undefined;
  return (value, limits) => {
    if (!Array.isArray(value) || value.length !== size) return false;
    for (let index = 0; index < size; index += 1) if (!accepts(value[index], limits)) return false;
    return true;
  };
}

function elementAcceptsFor({ type, feature }: RowField): Accepts {
  const { minimum = -Infinity, maximum = Infinity, mean = 0, std = 1 } = feature;
  if (type === 'string') {
    return (value, limits) => {
      return typeof value === 'string' && value.length <= limits.textLength && ELEMENT_RULES.string.accepts(value);
    };
  }
  if (mean === 0 && std === 1 && (type === 'float32' || type === 'float64')) {
    const greatest = type === 'float32' ? MAX_FLOAT32 : Number.MAX_VALUE;
    const [from, to] = [Math.max(minimum, -greatest), Math.min(maximum, greatest)];
    return (value) => typeof value === 'number' && value >= from && value <= to;
  }
  const { accepts } = ELEMENT_RULES[type];
  return (value) => {
    if (typeof value !== 'number') return typeof value === 'boolean' && accepts(value);
    return value >= minimum && value <= maximum && accepts(value) && accepts((value - mean) / std);
  };
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
  const value = Object.hasOwn(row, field.name) ? row[field.name] : field.feature.default;
  const place = [...location, field.name];
  if (value === undefined) check.add(place, 'missing', `is required: ${expectation(field)}`);
  else checkNested(field, 0, value, place, check, lengths);
  return value;
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
  if (!Array.isArray(value) || value.length === 0 || value.length !== requiredLength(size, value.length, lengths)) {
    const length = typeof size === 'number' ? size : lengths.get(size);
    check.add(location, 'shape', `must be an array of ${length ?? 'one or more'} values`);
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
  const accepts = elementAcceptsFor(field);
  const invalid = values.findIndex((value) => {
    return !accepts(value, check.limits) && !isValidScalar(field, field.shape.length, value, check.limits);
  });
  if (invalid !== -1) checkElement(field, values[invalid], [...location, invalid], check);
}

/** The required length of an array: fixed, or that of the first array with this symbol. */
function requiredLength(size: number | string, found: number, lengths: SymbolicLengths): number {
  if (typeof size === 'number') return size;
  const length = lengths.get(size) ?? found;
  lengths.set(size, length);
  return length;
}

/** Whether a value at the innermost depth is valid. */
function isValidScalar(field: RowField, depth: number, value: unknown, { textLength }: InputLimits): boolean {
  if (depth !== field.shape.length || (typeof value === 'string' && value.length > textLength)) return false;
  return ELEMENT_RULES[field.type].accepts(value) && isInRange(field, value);
}

function checkElement(field: RowField, value: unknown, location: Location, check: RowCheck): void {
  const rule = ELEMENT_RULES[field.type];
  const { textLength } = check.limits;
  if (typeof value === 'string' && value.length > textLength) {
    check.add(location, 'length', `must have at most ${textLength} characters`);
  } else if (!rule.accepts(value)) check.add(location, rule.name, `must be ${elementExpectation(field)}`);
  else if (!isInRange(field, value)) check.add(location, 'range', `must be ${elementExpectation(field)}`);
}

function isInRange({ type, feature }: RowField, value: unknown): boolean {
  if (typeof value !== 'number' && typeof value !== 'bigint') return true;
  const { minimum, maximum, mean = 0, std = 1 } = feature;
  if ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)) return false;
  // The scaled value must fit the element type too.
  return (mean === 0 && std === 1) || ELEMENT_RULES[type].accepts((Number(value) - mean) / std);
}

function expectation(field: RowField): string {
  const { shape } = field;
  if (shape.length === 0) return elementExpectation(field);
  return `an array of shape [${shape.map((size) => (typeof size === 'string' ? 'any' : size)).join(', ')}]`;
}

function elementExpectation({ type, feature: { minimum, maximum, unit } }: RowField): string {
  const from = minimum === undefined ? '' : ` of at least ${minimum}`;
  const to = maximum === undefined ? '' : `${from && ' and'} of at most ${maximum}`;
  return `${ELEMENT_RULES[type].expected}${from}${to}${unit ? ` (${unit})` : ''}`;
}
