import {
  allocate,
  ELEMENT_RULES,
  type ElementType,
  fromHalf,
  type InputPlan,
  InvalidTensorError,
  MissingElements,
  NonFiniteOutputError,
  sizeOf,
  type Tensor,
  type TensorData,
  type TensorMetadata,
  toHalf,
} from '../serving/index.js';
import { requireTextLength } from './binary-tensors.js';

/**
 * Decodes the JSON `data` of a tensor, flat or nested like its shape.
 *
 * @param plans of the fields whose values may be missing: null stands for one
 * @throws InvalidTensorError where the number of values does not match the shape, or a value is not of the type
 */
export function decodeJson(
  metadata: TensorMetadata,
  data: unknown,
  maxTextLength: number,
  plans: readonly InputPlan[] = [],
): TensorData {
  const { name, type, shape } = metadata;
  if (!Array.isArray(data)) throw new InvalidTensorError(`The input "${name}" must have its "data" in an array.`);
  const isNested = shape.length > 1 && Array.isArray(data[0]);
  // Before memory is allocated by the declared shape.
  requireLengths(metadata, data, isNested ? shape : [sizeOf(shape)], 0);
  const elements = allocate(type, sizeOf(shape));
  const setElement = elementSetter(metadata, elements, maxTextLength, plans);
  let next = 0;
  const fill = (items: readonly unknown[], depth: number): void => {
    for (const item of items) {
      if (depth > 1) fill(item as unknown[], depth - 1);
      else setElement(next++, item);
    }
  };
  fill(data, isNested ? shape.length : 1);
  return elements;
}

/**
 * Encodes the `data` of an output: flat, in row-major order, 64-bit integers with all digits.
 *
 * @throws NonFiniteOutputError for NaN and infinities, which JSON cannot represent
 */
export function encodeJson({ name, type, data }: Tensor): string {
  if (Array.isArray(data)) return JSON.stringify(data);
  if (type === 'bool') return JSON.stringify(Array.from(data as Uint8Array, Boolean));
  const values = type === 'float16' ? Float32Array.from(data as Uint16Array, fromHalf) : data;
  if (isFloat(type) && !(values as Float32Array).every(Number.isFinite)) {
    throw new NonFiniteOutputError(name);
  }
  return `[${values.join(',')}]`;
}

function requireLengths(
  { name, shape }: TensorMetadata,
  items: unknown,
  lengths: readonly number[],
  depth: number,
): void {
  const length = lengths[depth];
  if (!Array.isArray(items) || items.length !== length) {
    const found = Array.isArray(items) ? `${items.length} values` : 'one value';
    const where = depth === 0 ? '' : ` at depth ${depth}`;
    const expected = `its shape [${shape.join(', ')}] means ${length}`;
    throw new InvalidTensorError(`The data of the input "${name}" has ${found}${where}; ${expected}.`);
  }
  if (depth + 1 === lengths.length) return;
  for (const item of items) requireLengths({ name, shape } as TensorMetadata, item, lengths, depth + 1);
}

/** @returns a function that sets one element; it throws InvalidTensorError for a value that is not of the type */
function elementSetter(
  { name, type }: TensorMetadata,
  elements: TensorData,
  maxTextLength: number,
  plans: readonly InputPlan[],
) {
  const rule = ELEMENT_RULES[type];
  const convert = CONVERSIONS[type] ?? Number;
  let missing: MissingElements | undefined;
  return (index: number, value: unknown): void => {
    if (!rule.accepts(value) && !(type === 'bool' && (value === 0 || value === 1))) {
      missing ??= new MissingElements(plans, name);
      const element = value === null ? missing.at(index) : undefined;
      if (element === undefined) {
        const advice = value === null ? ` ${missing.advice(index)}` : '';
        throw new InvalidTensorError(`The value at ${index} of the input "${name}" must be ${rule.expected}.${advice}`);
      }
      (elements as unknown[])[index] = element;
      return;
    }
    if (typeof value === 'string') requireTextLength(name, value, maxTextLength);
    (elements as unknown[])[index] = convert(value as never);
  };
}

/** Conversions of valid values to elements; `Number` for the other types. */
const CONVERSIONS: Partial<Record<ElementType, (value: never) => unknown>> = {
  float16: (value: number | bigint) => toHalf(Number(value)),
  int64: (value: number | bigint) => BigInt(value),
  uint64: (value: number | bigint) => BigInt(value),
  string: (value: string) => value,
};

function isFloat(type: ElementType): boolean {
  return type === 'float16' || type === 'float32' || type === 'float64';
}
