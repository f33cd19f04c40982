import type { Manifest } from '../manifest/manifest.js';
import type { ElementType, Signature, TensorSignature } from './tensor.js';
import { ELEMENT_RULES } from './element-rules.js';
import { hasBatchDimension, type RowField, type RowSchema } from './row-schema.js';

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

/** The schema of the prediction for one row. */
export function outputSchema(signature: Signature, { output, labels }: Manifest): JsonSchema {
  if (!output) {
    const { outputs } = signature;
    return objectOf(Object.fromEntries(outputs.map((tensor) => [tensor.name, tensorSchema(tensor, signature)])));
  }
  const { label, probabilities, logits, value } = output;
  const perLabel = labels
    ? objectOf(Object.fromEntries(labels.map((name) => [name, { type: 'number' }])), output.topK !== undefined)
    : { type: 'object', additionalProperties: { type: 'number' } };
  return objectOf({
    ...(label || probabilities || logits ? { label: { type: 'string', ...(labels ? { enum: labels } : {}) } } : {}),
    ...(label || probabilities || logits ? { index: { type: 'integer', minimum: 0 } } : {}),
    ...(probabilities || logits ? { probabilities: perLabel } : {}),
    ...(value ? { value: { type: 'number' } } : {}),
  });
}

function objectOf(properties: Record<string, JsonSchema>, isPartial = false): JsonSchema {
  return { type: 'object', properties, ...(isPartial ? {} : { required: Object.keys(properties) }) };
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

function elementSchema(type: ElementType): JsonSchema {
  const isLong = type === 'int64' || type === 'uint64';
  return { type: JSON_TYPES[ELEMENT_RULES[type].name], ...(isLong ? { format: type } : {}) };
}

function tensorSchema(tensor: TensorSignature, signature: Signature): JsonSchema {
  const shape = tensor.shape.slice(hasBatchDimension(tensor, signature) ? 1 : 0);
  const isScalar = shape.length === 1 && shape[0] === 1;
  return nest(elementSchema(tensor.type), isScalar ? [] : shape);
}

function nest(element: JsonSchema, shape: readonly (number | string)[]): JsonSchema {
  return shape.reduceRight<JsonSchema>(
    (items, size) => ({
      type: 'array',
      items,
      ...(typeof size === 'string' ? {} : { minItems: size, maxItems: size }),
    }),
    element,
  );
}
