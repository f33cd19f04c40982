import { TooManyElementsError, TooManyRowsError, InvalidTensorError } from '../serving.errors.js';
import { type ElementType, type Signature, sizeOf, type Tensor, type TensorSignature } from './tensor.js';
import { fromHalf } from './float16.js';
import { MissingElements } from './missing-elements.js';
import { batchDimension, type InputPlan } from './row-schema.js';
import { MAX_RANK } from './nested-shape.js';
import type { InputLimits } from './row-check.js';

/** Name, type and shape of a tensor in a request. */
export interface TensorMetadata {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** Frames to the runtime have 32 bits for a dimension. */
const MAX_DIMENSION = 2 ** 32 - 1;
/** All bits of the exponent of a half: infinity or NaN. */
const HALF_EXPONENT = 0x7c00;

/**
 * Checks the tensors of a request against the inputs of a model: each is present once, with its type and a shape that fits.
 * Call it before memory is allocated for their data.
 *
 * @throws InvalidTensorError, TooManyElementsError, TooManyRowsError
 */
export function checkTensorMetadata(
  tensors: readonly TensorMetadata[],
  signature: Signature,
  limits: InputLimits,
): void {
  const sizes: Sizes = new Map();
  const rowSymbol = batchDimension(signature);
  const seen = new Set<string>();
  for (const tensor of tensors) {
    if (seen.has(tensor.name)) throw new InvalidTensorError(`The input "${tensor.name}" is given twice.`);
    seen.add(tensor.name);
    checkInput(tensor, inputOf(tensor.name, signature), rowSymbol, sizes);
  }
  const missing = signature.inputs.find(({ name }) => !seen.has(name));
  if (missing) throw new InvalidTensorError(`The input "${missing.name}" is missing: ${expectation(missing)}.`);
  checkLimits(tensors, signature, sizes, limits);
}

/**
 * Checks the number of values against the shape, and that they are finite. NaN and empty texts become what the model takes for
 * missing values, where the manifest says that they may be missing.
 *
 * @param plans of the fields whose values may be missing; none unless given
 * @throws InvalidTensorError
 */
export function checkTensorData(tensor: Tensor, plans: readonly InputPlan[] = []): void {
  const { name, type, shape, data } = tensor;
  const size = sizeOf(shape);
  if (data.length !== size) {
    throw new InvalidTensorError(`The input "${name}" has ${data.length} values; its shape means ${size}.`);
  }
  if (type === 'string' && (data as string[]).includes('')) {
    new MissingElements(plans, name).replaceEmptyTexts(data as string[]);
  }
  const found = type === 'float16' ? findInfiniteHalf(data as Uint16Array) : findInfinite(type, data);
  if (found !== -1) replaceNaN(tensor, found, new MissingElements(plans, name));
}

/** @throws InvalidTensorError for an infinity, and where a value may not be missing */
function replaceNaN({ name, type, data }: Tensor, from: number, missing: MissingElements): void {
  const numbers = data as Float32Array;
  for (let index = from; index < numbers.length; index += 1) {
    const value = type === 'float16' ? fromHalf(numbers[index]!) : numbers[index]!;
    if (Number.isFinite(value)) continue;
    const element = Number.isNaN(value) ? missing.at(index) : undefined;
    if (element === undefined) {
      const advice = Number.isNaN(value) ? ` ${missing.advice(index)}` : '';
      throw new InvalidTensorError(`The input "${name}" must be finite; its value at ${index} is not.${advice}`);
    }
    numbers[index] = element as number;
  }
}

/** The size of each symbolic dimension in this request, and the first input that has it. */
type Sizes = Map<string, { readonly size: number; readonly input: string }>;

function inputOf(name: string, { inputs }: Signature): TensorSignature {
  const input = inputs.find((candidate) => candidate.name === name);
  if (input) return input;
  const known = inputs.map((candidate) => `"${candidate.name}"`).join(', ');
  throw new InvalidTensorError(`The model has no input ${quote(name)}; it has ${known}.`);
}

function checkInput(tensor: TensorMetadata, input: TensorSignature, rowSymbol: string | undefined, sizes: Sizes): void {
  const { name, type, shape } = tensor;
  if (type !== input.type) throw new InvalidTensorError(`The input "${name}" is ${type}; it must be ${input.type}.`);
  const isAnyRank = input.hasUnknownRank === true && shape.length <= MAX_RANK;
  if (!isAnyRank && shape.length !== input.shape.length) throw wrongShape(tensor, input);
  shape.forEach((size, axis) => {
    const expected = input.shape[axis];
    if (!Number.isInteger(size) || size < 0 || size > MAX_DIMENSION) throw wrongShape(tensor, input);
    if (typeof expected === 'number' && size !== expected) throw wrongShape(tensor, input);
    // Lengths may be 0, but not the number of rows.
    if (axis === 0 && size === 0 && expected !== undefined && expected === rowSymbol) throw wrongShape(tensor, input);
    if (typeof expected === 'string') checkSymbol(tensor, expected, size, sizes);
  });
}

function checkSymbol({ name }: TensorMetadata, symbol: string, size: number, sizes: Sizes): void {
  const known = sizes.get(symbol);
  if (!known) sizes.set(symbol, { size, input: name });
  else if (known.size !== size) {
    const message = `The dimension "${symbol}" is ${size} in "${name}", but ${known.size} in "${known.input}".`;
    throw new InvalidTensorError(message);
  }
}

function checkLimits(
  tensors: readonly TensorMetadata[],
  signature: Signature,
  sizes: Sizes,
  limits: InputLimits,
): void {
  const elements = tensors.reduce((total, { shape }) => total + sizeOf(shape), 0);
  if (elements > limits.elements) throw new TooManyElementsError(limits.elements);
  const rows = sizes.get(batchDimension(signature) ?? '')?.size ?? 1;
  if (rows > limits.rows) throw new TooManyRowsError(limits.rows);
}

function wrongShape({ name, shape }: TensorMetadata, input: TensorSignature): InvalidTensorError {
  return new InvalidTensorError(
    `The input "${name}" has the shape [${shape.join(', ')}]; it must be ${expectation(input)}.`,
  );
}

function expectation({ type, shape, hasUnknownRank }: TensorSignature): string {
  if (hasUnknownRank) return `${type} of any shape`;
  const sizes = shape.map((size) => (typeof size === 'string' ? 'any' : size));
  return `${type} of the shape [${sizes.join(', ')}]`;
}

function findInfinite(type: ElementType, data: Tensor['data']): number {
  if (type !== 'float32' && type !== 'float64') return -1;
  return (data as Float32Array).findIndex((value) => !Number.isFinite(value));
}

function findInfiniteHalf(data: Uint16Array): number {
  return data.findIndex((bits) => (bits & HALF_EXPONENT) === HALF_EXPONENT);
}

/** Text of a client, shortened for a message. */
function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
