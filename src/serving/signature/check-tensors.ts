import { TooManyElementsError, TooManyRowsError, InvalidTensorError } from '../serving.errors.js';
import { type ElementType, type Signature, sizeOf, type Tensor, type TensorSignature } from './tensor.js';
import { batchDimension } from './row-schema.js';
import type { InputLimits } from './row-check.js';

/** What a caller says of a tensor, without its data. */
export interface TensorMetadata {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** A dimension goes to the runtime as 32 bits. */
const MAX_DIMENSION = 2 ** 32 - 1;
/** All bits of a half's exponent: infinity, or not a number. */
const HALF_EXPONENT = 0x7c00;

/**
 * Checks what is said of tensors against a model's inputs: each is there once, with its type and a shape that fits. To be
 * called before room is made for any data.
 *
 * @throws InvalidTensorError, TooManyElementsError, TooManyRowsError
 */
export function checkTensorMetadata(
  claims: readonly TensorMetadata[],
  signature: Signature,
  limits: InputLimits,
): void {
  const sizes: Sizes = new Map();
  const seen = new Set<string>();
  for (const claim of claims) {
    if (seen.has(claim.name)) throw new InvalidTensorError(`The input "${claim.name}" is given twice.`);
    seen.add(claim.name);
    checkClaim(claim, inputOf(claim.name, signature), sizes);
  }
  const missing = signature.inputs.find(({ name }) => !seen.has(name));
  if (missing) throw new InvalidTensorError(`The input "${missing.name}" is missing: ${expectation(missing)}.`);
  checkLimits(claims, signature, sizes, limits);
}

/**
 * Checks that the data is as long as the shape says, and finite.
 *
 * @throws InvalidTensorError
 */
export function checkTensorData({ name, type, shape, data }: Tensor): void {
  const size = sizeOf(shape);
  if (data.length !== size) {
    throw new InvalidTensorError(`The input "${name}" has ${data.length} values; its shape means ${size}.`);
  }
  const wrong = type === 'float16' ? findInfiniteHalf(data as Uint16Array) : findInfinite(type, data);
  if (wrong !== -1) throw new InvalidTensorError(`The input "${name}" must be finite; its value at ${wrong} is not.`);
}

/** What each symbolic dimension is in this request; the first place that has it decides. */
type Sizes = Map<string, { readonly size: number; readonly input: string }>;

function inputOf(name: string, { inputs }: Signature): TensorSignature {
  const input = inputs.find((candidate) => candidate.name === name);
  if (input) return input;
  const known = inputs.map((candidate) => `"${candidate.name}"`).join(', ');
  throw new InvalidTensorError(`The model has no input ${quote(name)}; it has ${known}.`);
}

function checkClaim(claim: TensorMetadata, input: TensorSignature, sizes: Sizes): void {
  const { name, type, shape } = claim;
  if (type !== input.type) throw new InvalidTensorError(`The input "${name}" is ${type}; it must be ${input.type}.`);
  if (shape.length !== input.shape.length) throw wrongShape(claim, input);
  shape.forEach((size, axis) => {
    const expected = input.shape[axis]!;
    if (!Number.isInteger(size) || size < 0 || size > MAX_DIMENSION) throw wrongShape(claim, input);
    if (typeof expected === 'number' ? size !== expected : axis === 0 && size === 0) throw wrongShape(claim, input);
    if (typeof expected === 'string') checkSymbol(claim, expected, size, sizes);
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

function checkLimits(claims: readonly TensorMetadata[], signature: Signature, sizes: Sizes, limits: InputLimits): void {
  const elements = claims.reduce((total, { shape }) => total + sizeOf(shape), 0);
  if (elements > limits.elements) throw new TooManyElementsError(limits.elements);
  const rows = sizes.get(batchDimension(signature) ?? '')?.size ?? 1;
  if (rows > limits.rows) throw new TooManyRowsError(limits.rows);
}

function wrongShape({ name, shape }: TensorMetadata, input: TensorSignature): InvalidTensorError {
  return new InvalidTensorError(
    `The input "${name}" has the shape [${shape.join(', ')}]; it must be ${expectation(input)}.`,
  );
}

function expectation({ type, shape }: TensorSignature): string {
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

/** What a client sent, short enough for a message. */
function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
