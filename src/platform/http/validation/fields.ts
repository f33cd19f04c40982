import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { isISO8601, ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';
import { booleanOf, wholeNumberOf } from './text-values.js';
import { type FieldCheck, rememberCheck } from './field-checks.js';

/** RFC 3339: a date, a time and a zone. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** Options of every field. */
interface FieldOptions {
  readonly description?: string;
  /** The field may be absent. `null` is still rejected. */
  readonly optional?: boolean;
}

interface FieldRule extends FieldOptions, FieldCheck {
  /** Name of the rule, used as the `type` of an error. */
  readonly name: string;
  readonly schema: ApiPropertyOptions;
  /** Expected value, as it follows "must be" in the message. */
  readonly expected: string;
}

/**
 * Defines the validation, the conversion and the OpenAPI schema of a field in one place. The decorators below are common
 * cases.
 */
export function Field(rule: FieldRule): PropertyDecorator {
  const { name, expected, accepts, convert, optional = false, description } = rule;
  const message = (args?: ValidationArguments): string => `${args?.property ?? 'The field'} must be ${expected}`;
  return applyDecorators(
    ApiProperty({ ...rule.schema, description, required: !optional } as ApiPropertyOptions),
    ...(convert ? [Transform(({ value }: { value: unknown }) => convert(value))] : []),
    ...(optional ? [ValidateIf((_: object, value: unknown) => value !== undefined)] : []),
    ValidateBy({ name, validator: { validate: accepts, defaultMessage: message } }),
    rememberCheck(rule),
  );
}

interface TextOptions extends FieldOptions {
  readonly example?: string;
  /** In code points, after trimming. */
  readonly minLength?: number;
  readonly maxLength: number;
  /** Removes leading and trailing white space unless false. */
  readonly trim?: boolean;
}

/** A string whose length is counted in code points. */
export function TextField({
  example,
  minLength = 1,
  maxLength,
  trim = true,
  ...options
}: TextOptions): PropertyDecorator {
  return Field({
    ...options,
    name: 'text',
    schema: { type: 'string', minLength, maxLength, example },
    expected: `text of ${minLength} to ${maxLength} characters`,
    accepts: (value) => typeof value === 'string' && hasLength(value, minLength, maxLength),
    convert: trim ? (value) => (typeof value === 'string' ? value.trim() : value) : undefined,
  });
}

interface IntegerOptions extends FieldOptions {
  readonly example?: number;
  readonly default?: number;
  readonly min: number;
  readonly max: number;
}

/** An integer in a JSON body. */
export function IntegerField({ example, min, max, ...options }: IntegerOptions): PropertyDecorator {
  return Field({
    ...options,
    name: 'integer',
    schema: { type: 'integer', minimum: min, maximum: max, default: options.default, example },
    expected: `an integer from ${min} to ${max}`,
    accepts: (value) => isIntegerBetween(value, min, max),
  });
}

interface IntegerParameterOptions extends IntegerOptions {
  /** Takes digits alone, not `10.0` or `1e1` as data may have it. */
  readonly digitsOnly?: boolean;
}

const DIGITS = /^(0|-?[1-9]\d{0,15})$/;

/** An integer in a query, where every value is a string, given once. */
export function IntegerParameter({ digitsOnly = false, ...options }: IntegerParameterOptions): PropertyDecorator {
  const convert = (value: unknown): unknown => {
    if (typeof value !== 'string' || (digitsOnly && !DIGITS.test(value))) return value;
    return wholeNumberOf(value) ?? value;
  };
  const { example, min, max, ...rest } = options;
  return Field({
    ...rest,
    name: 'integer',
    schema: { type: 'integer', minimum: min, maximum: max, default: options.default, example },
    expected: `an integer from ${min} to ${max}, given once`,
    accepts: (value) => isIntegerBetween(value, min, max),
    convert,
  });
}

/** True or false in a query, as programs write it (`True` by Python), given once. */
export function BooleanParameter(options: FieldOptions & { readonly default?: boolean } = {}): PropertyDecorator {
  return Field({
    ...options,
    name: 'boolean',
    schema: { type: 'boolean', default: options.default },
    expected: 'true or false, given once',
    accepts: (value) => typeof value === 'boolean',
    convert: (value) => (typeof value === 'string' ? (booleanOf(value) ?? value) : value),
  });
}

interface ChoiceOptions extends FieldOptions {
  readonly example?: string;
  readonly default?: string;
}

/** One of a fixed set of strings. */
export function ChoiceField(choices: readonly string[], options: ChoiceOptions = {}): PropertyDecorator {
  return Field({
    ...options,
    name: 'choice',
    schema: { type: 'string', enum: [...choices], default: options.default, example: options.example },
    expected: `one of ${choices.join(', ')}`,
    accepts: (value) => typeof value === 'string' && choices.includes(value),
  });
}

interface InstantOptions extends FieldOptions {
  readonly example: string;
  /** Allowed range, as it follows "a date and time with a zone, " in the message. `accepts` checks it, in milliseconds. */
  readonly within: string;
  readonly accepts: (time: number) => boolean;
}

/** A date and time with a zone. Validation converts it to a `Date`. */
export function InstantField({ example, within, accepts, ...options }: InstantOptions): PropertyDecorator {
  return Field({
    ...options,
    name: 'instant',
    schema: { type: 'string', format: 'date-time', example },
    expected: `a date and time with a zone, ${within}, such as ${example}`,
    accepts: (value) => value instanceof Date && Number.isFinite(value.getTime()) && accepts(value.getTime()),
    convert: (value) => (isInstant(value) ? new Date(value) : value),
  });
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_LENGTH = 36;

/** A UUID. Validation converts it to lower case. */
export function UuidField({ example, ...options }: FieldOptions & { readonly example: string }): PropertyDecorator {
  return Field({
    ...options,
    name: 'uuid',
    schema: { type: 'string', format: 'uuid', example },
    expected: 'a UUID',
    accepts: (value) => typeof value === 'string' && value.length === UUID_LENGTH && UUID.test(value),
    convert: (value) => (typeof value === 'string' ? value.toLowerCase() : value),
  });
}

/** Whether `text` has `min` to `max` code points. */
export function hasLength(text: string, min: number, max: number): boolean {
  // A code point is one or two UTF-16 units: a string of more than twice the maximum is too long.
  if (text.length > max * 2) return false;
  const { length } = [...text];
  return length >= min && length <= max;
}

function isInstant(value: unknown): value is string {
  return typeof value === 'string' && INSTANT.test(value) && isISO8601(value, { strict: true });
}

function isIntegerBetween(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}
