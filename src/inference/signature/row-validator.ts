import type { FieldError } from '../../http/index.js';
import { ELEMENT_RULES } from './element-rules.js';
import type { RowField, RowSchema } from './row-schema.js';

type Location = readonly (string | number)[];

/** A row whose every value is what its field takes, in the order of the schema's fields. */
export type CheckedRow = readonly unknown[];

/** A request with everything wrong in it is not answered with everything: this many broken fields are named. */
const MAX_ERRORS = 100;

/** Checks rows against a model's fields, and collects what is wrong with them, up to a limit. */
export class RowValidator {
  private readonly fields: ReadonlyMap<string, RowField>;

  constructor(private readonly schema: RowSchema) {
    this.fields = new Map(schema.fields.map((field) => [field.name, field]));
  }

  /** The checked row; what is wrong with it is added to `errors`. */
  check(row: unknown, location: Location, errors: FieldError[]): CheckedRow {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      add(errors, location, 'object', `must be an object with ${this.names()}`);
      return [];
    }
    for (const key of Object.keys(row)) {
      if (!this.fields.has(key))
        add(errors, [...location, key], 'unknown', `is not a known field; known: ${this.names()}`);
    }
    return this.schema.fields.map((field) => checkField(field, row as Record<string, unknown>, location, errors));
  }

  /** A row as a form sends it, every value a text, turned into what its fields take where the text can be read so. */
  fromForm(form: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const entries = Object.entries(form).map(([key, value]) => {
      const field = this.fields.get(key);
      return [key, field && typeof value === 'string' ? ELEMENT_RULES[field.type].parse(value) : value];
    });
    return Object.fromEntries(entries) as Record<string, unknown>;
  }

  private names(): string {
    return this.schema.fields.map((field) => field.name).join(', ');
  }
}

function checkField(
  field: RowField,
  row: Readonly<Record<string, unknown>>,
  location: Location,
  errors: FieldError[],
): unknown {
  const value = Object.hasOwn(row, field.name) ? row[field.name] : field.feature.default;
  const place = [...location, field.name];
  if (value === undefined) add(errors, place, 'missing', `is required: ${expectation(field)}`);
  else checkNested(field, field.shape, value, place, errors);
  return value;
}

function checkNested(
  field: RowField,
  shape: RowField['shape'],
  value: unknown,
  place: Location,
  errors: FieldError[],
): void {
  if (errors.length >= MAX_ERRORS) return;
  if (shape.length === 0) {
    checkElement(field, value, place, errors);
    return;
  }
  const [length, ...rest] = shape;
  if (!Array.isArray(value) || value.length === 0 || (length !== null && value.length !== length)) {
    add(errors, place, 'shape', `must be an array of ${length ?? 'one or more'} values`);
    return;
  }
  value.forEach((item, index) => checkNested(field, rest, item, [...place, index], errors));
}

function checkElement(field: RowField, value: unknown, place: Location, errors: FieldError[]): void {
  const rule = ELEMENT_RULES[field.type];
  if (!rule.accepts(value)) add(errors, place, rule.name, `must be ${expectation(field)}`);
  else if (!isInRange(field, value)) add(errors, place, 'range', `must be ${expectation(field)}`);
}

function isInRange({ feature: { minimum, maximum } }: RowField, value: unknown): boolean {
  if (typeof value !== 'number') return true;
  return (minimum === undefined || value >= minimum) && (maximum === undefined || value <= maximum);
}

function expectation({ type, shape, feature: { minimum, maximum, unit } }: RowField): string {
  const from = minimum === undefined ? '' : ` of at least ${minimum}`;
  const to = maximum === undefined ? '' : `${from && ' and'} of at most ${maximum}`;
  const single = `${ELEMENT_RULES[type].expected}${from}${to}${unit ? ` (${unit})` : ''}`;
  return shape.length === 0 ? single : `an array of shape [${shape.map((size) => size ?? 'any').join(', ')}]`;
}

function add(errors: FieldError[], location: Location, type: string, rest: string): void {
  if (errors.length < MAX_ERRORS) errors.push({ location, type, message: `${nameOf(location)} ${rest}` });
}

/** The field's own name, with its row where there are several. */
function nameOf(location: Location): string {
  return location.slice(1).join('.') || 'the row';
}
