import type { Manifest } from '../manifest/manifest.js';
import { elementSchema, type JsonSchema, nest } from './json-schema.js';
import { outputFormatOf, widthOf } from './output-format.js';
import { resultNames } from './result-names.js';
import { hasBatchDimension } from './row-schema.js';
import type { Signature, TensorSignature } from './tensor.js';

/** The schema of the prediction for one row. */
export function outputSchema(signature: Signature, manifest: Manifest): JsonSchema {
  const { mapping, classes } = outputFormatOf(signature, manifest);
  const { outputs } = signature;
  if (!mapping) {
    const names = resultNames(outputs.map(({ name }) => name));
    return objectOf(
      Object.fromEntries(outputs.map((tensor) => [names.get(tensor.name)!, tensorSchema(tensor, signature)])),
    );
  }
  const { label, probabilities, logits, sigmoid, value, values, topK } = mapping;
  const names = classes?.names;
  const name = { type: 'string', ...(names ? { enum: names } : {}) };
  const scores = probabilities ?? logits ?? sigmoid;
  const shares = names
    ? objectOf(Object.fromEntries(names.map((key) => [key, { type: 'number' }])), topK !== undefined)
    : { type: 'object', additionalProperties: { type: 'number' } };
  const isMultiLabel = sigmoid !== undefined && !decidesBetweenTwo(sigmoid, names, signature);
  const hasLabel = !isMultiLabel && (label ?? scores) !== undefined;
  const labelType = outputs.find((output) => output.name === label)?.type;
  const hasIndex = hasLabel && !(labelType === 'string' && classes === undefined);
  const target = outputs.find((output) => output.name === value);
  return objectOf({
    ...(hasLabel ? { label: name } : {}),
    ...(hasIndex ? { index: { type: 'integer', minimum: 0 } } : {}),
    ...(isMultiLabel ? { labels: { type: 'array', items: name } } : {}),
    ...(scores === undefined ? {} : { probabilities: shares }),
    ...(value && !values ? { value: target ? numbersSchema(target, signature) : { type: 'number' } } : {}),
    ...(values ? { values: objectOf(Object.fromEntries(values.map((key) => [key, { type: 'number' }]))) } : {}),
  });
}

/** Whether one score decides between two labels, rather than a score for each of several labels. */
function decidesBetweenTwo(output: string, names: readonly string[] | undefined, signature: Signature): boolean {
  const tensor = signature.outputs.find(({ name }) => name === output);
  return names?.length === 2 && (tensor === undefined || widthOf(tensor, signature) !== 2);
}

/** A number, or nested arrays of numbers for several targets. */
function numbersSchema(tensor: TensorSignature, signature: Signature): JsonSchema {
  return tensorSchema({ ...tensor, type: 'float64' }, signature);
}

function objectOf(properties: Record<string, JsonSchema>, isPartial = false): JsonSchema {
  return { type: 'object', properties, ...(isPartial ? {} : { required: Object.keys(properties) }) };
}

function tensorSchema(tensor: TensorSignature, signature: Signature): JsonSchema {
  const shape = tensor.shape.slice(hasBatchDimension(tensor, signature) ? 1 : 0);
  const isScalar = shape.length === 1 && shape[0] === 1;
  return nest(elementSchema(tensor.type), isScalar ? [] : shape);
}
