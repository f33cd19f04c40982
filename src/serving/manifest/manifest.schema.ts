const TEXT = { type: 'string', minLength: 1 };
const SHA256 = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const COUNT = { type: 'integer', minimum: 0 };
const POSITIVE = { type: 'integer', minimum: 1 };
const EXPECTED_PREDICTION = {
  label: { type: 'string' },
  value: { type: 'number' },
  output: { type: 'object' },
  tolerance: { type: 'number', minimum: 0 },
};

function object(properties: Record<string, object>, required: string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** A number for all channels, or one for each. */
function forEachChannel(rule: object) {
  return { ...rule, type: ['number', 'array'], items: { ...rule, type: 'number' }, minItems: 1, maxItems: 3 };
}

const FEATURES = {
  type: 'array',
  minItems: 1,
  items: object(
    {
      name: TEXT,
      unit: { type: 'string' },
      minimum: { type: 'number' },
      maximum: { type: 'number' },
      description: { type: 'string' },
      mean: { type: 'number' },
      std: { type: 'number', exclusiveMinimum: 0 },
      default: { type: ['number', 'string', 'boolean'] },
      nullable: { type: 'boolean' },
      missing: { type: ['number', 'string', 'boolean'] },
      values: { type: 'array', minItems: 1, uniqueItems: true, items: { type: ['string', 'number'] } },
      tensor: TEXT,
    },
    ['name'],
  ),
};

const LABELS = {
  type: ['array', 'object'],
  items: TEXT,
  minItems: 1,
  uniqueItems: true,
  minProperties: 1,
  additionalProperties: TEXT,
};

const OUTPUT = object({
  label: TEXT,
  probabilities: TEXT,
  logits: TEXT,
  value: TEXT,
  values: { type: 'array', minItems: 2, items: TEXT, uniqueItems: true },
  sigmoid: TEXT,
  threshold: { type: 'number', minimum: 0, maximum: 1 },
  decision: { enum: ['model'] },
  topK: POSITIVE,
});

/** For the entry of a version, in which null takes a key of the model away. */
function orNull<T extends { readonly type: string | readonly string[] }>(schema: T) {
  return { ...schema, type: [schema.type, 'null'].flat() };
}

/** The JSON Schema of `model.json`. */
export const MANIFEST_SCHEMA = object({
  $schema: TEXT,
  description: { type: 'string' },
  access: { enum: ['public', 'member', 'admin'] },
  load: { enum: ['start', 'first-use'] },
  features: FEATURES,
  labels: LABELS,
  output: OUTPUT,
  input: object(
    {
      image: object(
        {
          width: POSITIVE,
          height: POSITIVE,
          channels: { enum: [1, 3] },
          layout: { enum: ['NCHW', 'NHWC'] },
          fit: { enum: ['cover', 'fill'] },
          mean: forEachChannel({}),
          std: forEachChannel({ exclusiveMinimum: 0 }),
        },
        ['width', 'height'],
      ),
    },
    ['image'],
  ),
  example: object({ input: { type: 'object' }, ...EXPECTED_PREDICTION }, ['input']),
  batching: {
    anyOf: [
      { const: false },
      object({
        maxBatchSize: POSITIVE,
        maxWaitMs: { type: 'number', minimum: 0, maximum: 60_000 },
        force: { type: 'boolean' },
      }),
    ],
  },
  cache: object({ maxEntries: COUNT }),
  runtime: object({
    threads: POSITIVE,
    memoryMb: POSITIVE,
    providers: { type: 'array', minItems: 1, items: TEXT },
  }),
  versions: {
    type: 'object',
    propertyNames: { pattern: '^[1-9][0-9]*$' },
    additionalProperties: object({
      sha256: SHA256,
      trainedAt: TEXT,
      metrics: { type: 'object', additionalProperties: { type: 'number' } },
      files: { type: 'object', additionalProperties: SHA256 },
      candidate: { type: 'boolean' },
      example: object({ input: { type: 'object' }, ...EXPECTED_PREDICTION }),
      features: orNull(FEATURES),
      labels: orNull(LABELS),
      output: orNull(OUTPUT),
    }),
  },
});
