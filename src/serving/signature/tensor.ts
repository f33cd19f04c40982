/**
 * The supported ONNX element types, by their names in `onnxruntime-node`.
 *
 * `code` is the value of `TensorProto.DataType` in `onnx.proto`.
 */
export const ELEMENT_TYPES = {
  float32: { code: 1, array: Float32Array },
  float64: { code: 11, array: Float64Array },
  /** Bit patterns; see `float16.ts`. */
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

/** The elements of a tensor; `bool` as 0 and 1, `float16` as bit patterns. */
export type TensorData = NumericData | string[];

/** A named tensor with its elements in row-major order. */
export interface Tensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** The value of a class inside a model: an integer or a text. */
export type ClassValue = number | string;

/** What the encoders, imputers and trees of a graph tell about one column of an input. */
export interface ColumnHints {
  /** The categories that an encoder knows. */
  readonly categories?: readonly ClassValue[];
  /** Whether the model has a rule for NaN in this column. */
  readonly acceptsMissing?: boolean;
}

/** Name, type and shape of a model's input or output; a symbolic dimension is a string. */
export interface TensorSignature {
  readonly name: string;
  readonly type: ElementType;
  /** Empty for a scalar, and for a tensor of unknown rank. */
  readonly shape: readonly (number | string)[];
  /** Whether the file states no shape: the tensor may have any rank. */
  readonly hasUnknownRank?: boolean;
  /** Of an output that names or scores classes: their values in the model's own order, as the graph has them. */
  readonly classes?: readonly ClassValue[];
  /** Of an output: the operator that computes it, if its values are probabilities. */
  readonly activation?: 'sigmoid' | 'softmax';
  /** Of an input: a hint for each column. */
  readonly columns?: readonly ColumnHints[];
}

/** A symbol for a dimension without a name, different from all others. */
export function unnamedDimension(tensor: string, axis: number): string {
  return `${tensor}:${axis}`;
}

/** The inputs and outputs of a model. */
export interface Signature {
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  /** The symbol of the dimension that counts rows, where it is not the first one that may; null where none does. */
  readonly batchDimension?: string | null;
}

export function isElementType(type: string): type is ElementType {
  return Object.hasOwn(ELEMENT_TYPES, type);
}

/** `length` elements, all zero, false or empty. */
export function allocate(type: ElementType, length: number): TensorData {
  const { array } = ELEMENT_TYPES[type];
  return array === undefined ? new Array<string>(length).fill('') : new array(length);
}

/** The shape of tensors concatenated along the first dimension, the only one in which they differ. */
export function joinedShape(own: readonly Tensor[]): readonly number[] {
  const [first] = own;
  if (!first || own.length === 1) return first?.shape ?? [];
  return [own.reduce((rows, { shape }) => rows + (shape[0] ?? 0), 0), ...first.shape.slice(1)];
}

/** Copies the elements of several tensors one after another into `into`, and returns it. */
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
