import type { ElementType } from './tensor.js';
import { ELEMENT_RULES } from './element-rules.js';
import type { RowField, RowSchema } from './row-schema.js';

/** A JSON Schema in the subset that OpenAPI 3.0 shares. */
export interface JsonSchema {
  readonly type?: string;
  readonly [keyword: string]: unknown;
}

const JSON_TYPES = { number: 'number', integer: 'integer', boolean: 'boolean', text: 'string' } as const;

/** The schema of an input row. */
export function inputSchema({ fields }: RowSchema, example?: object): JsonSchema {
  const required = fields.filter((field) => field.feature.default === undefined).map((field) => field.name);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
    ...(example ? { example } : {}),
  };
}

function fieldSchema({ type, shape, feature }: RowField): JsonSchema {
  const { unit, minimum, maximum, description } = feature;
  const text = [description, unit ? `in ${unit}` : undefined].filter((part) => part !== undefined).join(', ');
  const element = {
    ...elementSchema(type),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  };
  const extras = {
    ...(text ? { description: text } : {}),
    ...(feature.default === undefined ? {} : { default: feature.default }),
  };
  return { ...nest(element, shape), ...extras };
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
