import {
  allocate,
  NonFiniteOutputError,
  ELEMENT_RULES,
  type ElementType,
  fromHalf,
  sizeOf,
  type Tensor,
  type TensorMetadata,
  type TensorData,
  toHalf,
  InvalidTensorError,
} from '../serving/index.js';
import { demandTextLength } from './binary-tensors.js';

/**
 * The elements in a tensor's JSON `data`: all in one array, or in arrays nested as its shape is.
 *
 * @throws InvalidTensorError where they are not as many as the shape says, or one is not of the type
 */
export function decodeJson(claim: TensorMetadata, data: unknown, maxTextLength: number): TensorData {
  const { name, type, shape } = claim;
  if (!Array.isArray(data)) throw new InvalidTensorError(`The input "${name}" must have its "data" in an array.`);
  const isNested = shape.length > 1 && Array.isArray(data[0]);
  // Nothing is made by the shape before as many values are known to be there.
  checkLengths(claim, data, isNested ? shape : [sizeOf(shape)], 0);
  const elements = allocate(type, sizeOf(shape));
  const put = setterOf(claim, elements, maxTextLength);
  let at = 0;
  const fill = (items: readonly unknown[], depth: number): void => {
    for (const item of items) {
      if (depth > 1) fill(item as unknown[], depth - 1);
      else put(at++, item);
    }
  };
  fill(data, isNested ? shape.length : 1);
  return elements;
}

/** `data` of an output: flat, in row-major order. Integers of 64 bits have all their digits. */
export function encodeJson({ name, type, data }: Tensor): string {
  if (Array.isArray(data)) return JSON.stringify(data);
  if (type === 'bool') return JSON.stringify(Array.from(data as Uint8Array, Boolean));
  const values = type === 'float16' ? Float32Array.from(data as Uint16Array, fromHalf) : data;
  if (isReal(type) && !(values as Float32Array).every(Number.isFinite)) {
    throw new NonFiniteOutputError(name);
  }
  return `[${values.join(',')}]`;
}

function checkLengths(
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
  for (const item of items) checkLengths({ name, shape } as TensorMetadata, item, lengths, depth + 1);
}

/** Puts a value that is right at an index; throws `InvalidTensorError` where it is not. */
function setterOf({ name, type }: TensorMetadata, elements: TensorData, maxTextLength: number) {
  const rule = ELEMENT_RULES[type];
  const convert = CONVERSIONS[type] ?? Number;
  return (index: number, value: unknown): void => {
    if (!rule.accepts(value) && !(type === 'bool' && (value === 0 || value === 1))) {
      throw new InvalidTensorError(`The value at ${index} of the input "${name}" must be ${rule.expected}.`);
    }
    if (typeof value === 'string') demandTextLength(name, value, maxTextLength);
    (elements as unknown[])[index] = convert(value as never);
  };
}

/** What an accepted value becomes in the tensor; a number unless it is here. */
const CONVERSIONS: Partial<Record<ElementType, (value: never) => unknown>> = {
  float16: (value: number | bigint) => toHalf(Number(value)),
  int64: (value: number | bigint) => BigInt(value),
  uint64: (value: number | bigint) => BigInt(value),
  string: (value: string) => value,
};

function isReal(type: ElementType): boolean {
  return type === 'float16' || type === 'float32' || type === 'float64';
}
