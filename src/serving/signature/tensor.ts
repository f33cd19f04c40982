/** The element types of ONNX that this product carries, by the name `onnxruntime-node` gives them. */
export const ELEMENT_TYPES = {
  float32: { code: 1, array: Float32Array },
  float64: { code: 11, array: Float64Array },
  /** By its bits: see `float16.ts`. */
  float16: { code: 10, array: Uint16Array },
  int8: { code: 3, array: Int8Array },
  int16: { code: 5, array: Int16Array },
  int32: { code: 6, array: Int32Array },
  int64: { code: 7, array: BigInt64Array },
  uint8: { code: 2, array: Uint8Array },
  uint16: { code: 4, array: Uint16Array },
  uint32: { code: 12, array: Uint32Array },
  uint64: { code: 13, array: BigUint64Array },
  bool: { code: 9, array: Uint8Array },
  string: { code: 8, array: undefined },
} as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

export type NumericData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export type TensorData = NumericData | string[];

/** A tensor by value: elements in row-major order, as many as the product of `shape`. */
export interface Tensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What a model says of one of its inputs or outputs; a symbolic dimension is a text. */
export interface TensorSignature {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** What a dimension without a name is called: it is symbolic too, and like no other. */
export function unnamedDimension(tensor: string, axis: number): string {
  return `${tensor}:${axis}`;
}

export interface Signature {
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
}

export function isElementType(type: string): type is ElementType {
  return Object.hasOwn(ELEMENT_TYPES, type);
}

/** Room for `length` elements, all zero, false or empty. */
export function allocate(type: ElementType, length: number): TensorData {
  const { array } = ELEMENT_TYPES[type];
  return array === undefined ? new Array<string>(length).fill('') : new array(length);
}

/** The shape of several callers' tensors as one: each begins with the dimension that counts rows, and is like the others else. */
export function joinedShape(own: readonly Tensor[]): readonly number[] {
  const [first] = own;
  if (!first || own.length === 1) return first?.shape ?? [];
  return [own.reduce((rows, { shape }) => rows + (shape[0] ?? 0), 0), ...first.shape.slice(1)];
}

/** Copies the elements of several tensors, one after the other. */
export function join(parts: readonly Tensor[], into: TensorData): TensorData {
  let at = 0;
  for (const { data } of parts) {
    if (Array.isArray(into)) (data as string[]).forEach((text, index) => (into[at + index] = text));
    else into.set(data as never, at);
    at += data.length;
  }
  return into;
}

/** The number of elements in a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}
