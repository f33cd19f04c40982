import type { ElementType } from './tensor.js';
import { ELEMENT_RULES } from './element-rules.js';
import { isRequired } from './missing-values.js';
import type { RowField, RowSchema } from './row-schema.js';

/** A JSON Schema in the subset that OpenAPI 3.0 shares. */
export interface JsonSchema {
  readonly type?: string;
  readonly [keyword: string]: unknown;
}

const JSON_TYPES = { number: 'number', integer: 'integer', boolean: 'boolean', text: 'string' } as const;

/** The schema of an input row. */
export function inputSchema({ fields }: RowSchema, example?: object): JsonSchema {
  const required = fields.filter(isRequired).map((field) => field.name);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
    ...(example ? { example } : {}),
  };
}

function fieldSchema({ type, shape, hasUnknownRank, feature }: RowField): JsonSchema {
  const { unit, minimum, maximum, description, values, nullable } = feature;
  const text = [description, unit ? `in ${unit}` : undefined].filter((part) => part !== undefined).join(', ');
  const element = {
    ...elementSchema(type),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    // OpenAPI 3.0: null has to be among the values of an enumeration, too.
    ...(values ? { enum: nullable ? [...values, null] : values } : {}),
    ...(nullable ? { nullable } : {}),
  };
  const extras = {
    ...(text ? { description: text } : {}),
    ...(feature.default === undefined ? {} : { default: feature.default }),
  };
  if (hasUnknownRank) return { ...anyNesting(element), ...extras };
  return { ...nest(element, shape), ...extras };
}

/** The same in JSON Schema proper, which has a type for null where OpenAPI 3.0 has `nullable`. */
export function toJsonSchema(schema: JsonSchema): JsonSchema {
  const { nullable, ...own } = schema;
  const { type, properties, items } = own as {
    type?: string;
    properties?: Record<string, JsonSchema>;
    items?: JsonSchema;
  };
  return {
    ...own,
    ...(nullable === true ? { type: [type, 'null'] as never } : {}),
    ...(items ? { items: toJsonSchema(items) } : {}),
    ...(properties
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, toJsonSchema(of)])) }
      : {}),
  };
}

/** A value, or regular nested arrays of them: how many levels is not known. */
function anyNesting(element: JsonSchema): JsonSchema {
  return { oneOf: [element, { type: 'array', items: {} }] };
}

/** The schema of one element of a tensor. */
export function elementSchema(type: ElementType): JsonSchema {
  const isLong = type === 'int64' || type === 'uint64';
  return { type: JSON_TYPES[ELEMENT_RULES[type].name], ...(isLong ? { format: type } : {}) };
}

/** Nested arrays of these lengths; a string is any length. */
export function nest(element: JsonSchema, shape: readonly (number | string)[]): JsonSchema {
  return shape.reduceRight<JsonSchema>(
    (items, size) => ({
      type: 'array',
      items,
      ...(typeof size === 'string' ? {} : { minItems: size, maxItems: size }),
    }),
    element,
  );
}
