import type { FieldError } from '../../platform/http/index.js';
import { elementAcceptsFor, RowAcceptance } from './acceptance.js';
import { ELEMENT_RULES } from './element-rules.js';
import type { CheckedRow, InputLimits, Location, RowCheck } from './row-check.js';
import type { RowField, RowSchema } from './row-schema.js';

/** What is wrong with the defaults that a manifest gives features; nothing where they will do. */
export function wrongDefault({ fields }: RowSchema, check: RowCheck): FieldError | undefined {
  for (const field of fields) {
    if (field.feature.default !== undefined) checkField(field, {}, ['default'], check, new Map());
  }
  return check.errors[0];
}

/** Checks rows against a model's fields. */
export class RowValidator {
  private readonly fields: ReadonlyMap<string, RowField>;
  private readonly names: string;
  private readonly acceptance: RowAcceptance;

  constructor(private readonly schema: RowSchema) {
    this.acceptance = new RowAcceptance(schema);
    this.fields = new Map(schema.fields.map((field) => [field.name, field]));
    this.names = schema.fields.map((field) => field.name).join(', ');
  }

  /** The checked row; what is wrong with it is added to `check`. */
  check(row: unknown, location: Location, check: RowCheck): CheckedRow {
    if (check.isFull) return [];
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      check.add(location, 'object', `must be an object with ${this.names}`);
      return [];
    }
    return this.acceptance.accept(row, check) ?? this.explain(row, location, check);
  }

  /** The same, value by value: what is wrong with each, and where. */
  private explain(row: object, location: Location, check: RowCheck): CheckedRow {
    for (const key of Object.keys(row)) {
      if (check.isFull) break;
      if (this.fields.has(key)) continue;
      check.add([...location, key], 'unknown', `is not a known field; known: ${this.names}`);
    }
    const lengths: OpenLengths = new Map();
    return this.schema.fields.map((field) => checkField(field, row as Values, location, check, lengths));
  }

  /** A row as a form sends it, every value a text, turned into what its fields take where the text can be read so. */
  fromForm(form: Values): Record<string, unknown> {
    const row: Record<string, unknown> = {};
    for (const key of Object.keys(form)) {
      const field = this.fields.get(key);
      const text = form[key];
      const value = field && typeof text === 'string' ? ELEMENT_RULES[field.type].parse(text) : text;
      // An assignment to that name would not make a field of it.
      if (key === '__proto__') Object.defineProperty(row, key, { value, enumerable: true });
      else row[key] = value;
    }
    return row;
  }
}

type Values = Readonly<Record<string, unknown>>;

/** What each open length is in this row; the first place that has it decides. */
type OpenLengths = Map<string, number>;

function checkField(field: RowField, row: Values, location: Location, check: RowCheck, lengths: OpenLengths): unknown {
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
  place: Location,
  check: RowCheck,
  lengths: OpenLengths,
): void {
  if (check.isFull) return;
  const size = field.shape[depth];
  if (size === undefined) {
    checkElement(field, value, place, check);
    return;
  }
  if (depth === 0 && value instanceof Float32Array) {
    checkFlat(field, value, place, check);
    return;
  }
  if (!Array.isArray(value) || value.length === 0 || value.length !== lengthOf(size, value.length, lengths)) {
    const length = typeof size === 'number' ? size : lengths.get(size);
    check.add(place, 'shape', `must be an array of ${length ?? 'one or more'} values`);
    return;
  }
  check.count(value.length);
  const items: readonly unknown[] = value;
  items.forEach((item, index) => {
    // A location is made only for what may need one: a wrong value, or an array that may hold one.
    if (isRight(field, depth + 1, item, check.limits)) return;
    checkNested(field, depth + 1, item, [...place, index], check, lengths);
  });
}

/** All elements of nested arrays in one, in row-major order: from code, never from JSON. */
function checkFlat(field: RowField, values: Float32Array, place: Location, check: RowCheck): void {
  const size = field.shape.reduce<number>((product, length) => product * Number(length), 1);
  if (values.length !== size) {
    check.add(place, 'shape', `must hold as many values as ${expectation(field)}`);
    return;
  }
  check.count(size);
  const accepts = elementAcceptsFor(field);
  const wrong = values.findIndex((value) => {
    return !accepts(value, check.limits) && !isRight(field, field.shape.length, value, check.limits);
  });
  if (wrong !== -1) checkElement(field, values[wrong], [...place, wrong], check);
}

/** What an array must have as its length here. */
function lengthOf(size: number | string, found: number, lengths: OpenLengths): number {
  if (typeof size === 'number') return size;
  const length = lengths.get(size) ?? found;
  lengths.set(size, length);
  return length;
}

/** Whether this is a plain value that breaks no rule. */
function isRight(field: RowField, depth: number, value: unknown, { textLength }: InputLimits): boolean {
  if (depth !== field.shape.length || (typeof value === 'string' && value.length > textLength)) return false;
  return ELEMENT_RULES[field.type].accepts(value) && isInRange(field, value);
}

function checkElement(field: RowField, value: unknown, place: Location, check: RowCheck): void {
  const rule = ELEMENT_RULES[field.type];
  const { textLength } = check.limits;
  if (typeof value === 'string' && value.length > textLength) {
    check.add(place, 'length', `must have at most ${textLength} characters`);
  } else if (!rule.accepts(value)) check.add(place, rule.name, `must be ${elementExpectation(field)}`);
  else if (!isInRange(field, value)) check.add(place, 'range', `must be ${elementExpectation(field)}`);
}

function isInRange({ type, feature }: RowField, value: unknown): boolean {
  if (typeof value !== 'number' && typeof value !== 'bigint') return true;
  const { minimum, maximum, mean = 0, std = 1 } = feature;
  if ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)) return false;
  // Scaled, it must still be a number that the tensor can hold.
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
