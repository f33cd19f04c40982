import { fieldsOf, floatsIn, integersIn, Wire } from './wire.js';

/** Field numbers of `TensorProto`. */
const TENSOR = { dimensions: 1, type: 2, floats: 4, int32s: 5, texts: 6, int64s: 7, raw: 9, doubles: 10 };
/** `TensorProto.DataType` */
const TYPES = { float: 1, int32: 6, int64: 7, text: 8, bool: 9, double: 11 };
/** Lists of classes, columns and shapes are shorter. Weights are not read. */
const MAX_VALUES = 100_000;

/** A small tensor in the model's file. */
export interface ConstantTensor {
  readonly shape: readonly number[];
  /** Integers beyond 2^53 stay bigints. */
  readonly values: readonly (number | bigint | string)[];
}

/** Reads a `TensorProto`; undefined for a large one, one with external data, and element types that hold no hints. */
export function readConstant(tensor: Buffer): ConstantTensor | undefined {
  const shape = integersIn(tensor, TENSOR.dimensions).map(Number);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (!(size >= 0 && size <= MAX_VALUES)) return undefined;
  const values = valuesOf(tensor, Number(integersIn(tensor, TENSOR.type).at(-1) ?? 0n));
  return values?.length === size ? { shape, values } : undefined;
}

function valuesOf(tensor: Buffer, type: number): ConstantTensor['values'] | undefined {
  const raw = bytesIn(tensor, TENSOR.raw)[0];
  switch (type) {
    case TYPES.text:
      return bytesIn(tensor, TENSOR.texts).map(String);
    case TYPES.int64:
      return (raw ? chunk(raw, 8, (at) => raw.readBigInt64LE(at)) : integersIn(tensor, TENSOR.int64s)).map(exact);
    case TYPES.int32:
      return raw ? chunk(raw, 4, (at) => raw.readInt32LE(at)) : integersIn(tensor, TENSOR.int32s).map(Number);
    case TYPES.bool:
      return raw ? chunk(raw, 1, (at) => raw.readUInt8(at)) : integersIn(tensor, TENSOR.int32s).map(Number);
    case TYPES.float:
      return raw ? chunk(raw, 4, (at) => raw.readFloatLE(at)) : floatsIn(tensor, TENSOR.floats);
    case TYPES.double: {
      const bytes = raw ?? Buffer.concat(bytesIn(tensor, TENSOR.doubles));
      return chunk(bytes, 8, (at) => bytes.readDoubleLE(at));
    }
    default:
      return undefined;
  }
}

function bytesIn(message: Buffer, number: number): Buffer[] {
  const found: Buffer[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === number && field.wireType !== Wire.varint) found.push(field.bytes);
  }
  return found;
}

function chunk<T>(bytes: Buffer, size: number, read: (at: number) => T): T[] {
  return Array.from({ length: Math.min(Math.floor(bytes.length / size), MAX_VALUES + 1) }, (_, index) => {
    return read(index * size);
  });
}

function exact(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}
