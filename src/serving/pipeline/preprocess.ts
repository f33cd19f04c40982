import { toHalf } from '../signature/float16.js';
import { allocate, sizeOf, type Tensor, type TensorData } from '../signature/tensor.js';
import type { InputPlan, RowField, RowSchema } from '../signature/row-schema.js';
import type { CheckedRow } from '../signature/row-check.js';

/**
 * Rows to tensors: scales what has a mean or a standard deviation, and fills each input.
 * @param rows of one shape; exactly one where an input does not count rows
 */
export type Preprocess = (rows: readonly CheckedRow[]) => Tensor[];

/** Writes a value and what is nested in it; answers where the next one goes. */
type Write = (value: unknown, data: TensorData, at: number) => number;

type Element = number | bigint | string;

/** How tensors are made of rows, worked out once. */
export function preprocessorFor({ inputs }: RowSchema): Preprocess {
  const fill = inputs.map(fillerFor);
  return (rows) => fill.map((fillInput) => fillInput(rows));
}

function fillerFor(input: InputPlan): (rows: readonly CheckedRow[]) => Tensor {
  const { tensor, fields, positions, hasBatchDimension } = input;
  const { name, type } = tensor;
  const writers = fields.map(writerFor);
  const fixedShape = fixedShapeOf(input);
  return (rows) => {
    const rowShape = fixedShape ?? openShapeOf(input, rows[0] ?? []);
    const data = allocate(type, rows.length * sizeOf(rowShape));
    let at = 0;
    for (const row of rows) {
      for (let index = 0; index < writers.length; index += 1) at = writers[index]!(row[positions[index]!], data, at);
    }
    return { name, type, shape: hasBatchDimension ? [rows.length, ...rowShape] : rowShape, data };
  };
}

/** The tensor's shape without the dimension that counts rows; undefined where it depends on the row. */
function fixedShapeOf({ tensor, fields, hasBatchDimension }: InputPlan): readonly number[] | undefined {
  const declared = tensor.shape.slice(hasBatchDimension ? 1 : 0);
  const isOfPlainFields = fields[0] === undefined || fields[0].shape.length === 0;
  const shape = declared.map((size) => (typeof size === 'string' && isOfPlainFields ? fields.length : size));
  return shape.every((size) => typeof size === 'number') ? shape : undefined;
}

/** The same with open dimensions taken from the row. */
function openShapeOf({ tensor, positions, hasBatchDimension }: InputPlan, row: CheckedRow): number[] {
  let value = row[positions[0]!];
  return tensor.shape.slice(hasBatchDimension ? 1 : 0).map(() => {
    const { length } = value as unknown[];
    value = (value as unknown[])[0];
    return length;
  });
}

function writerFor(field: RowField): Write {
  const elementOf = converterFor(field);
  if (field.shape.length === 0) {
    return (value, data, at) => {
      data[at] = elementOf(value);
      return at + 1;
    };
  }
  const isKept = isKeptAsItIs(field);
  const write: Write = (value, data, at) => {
    // Nested arrays, or all that they would hold in one.
    const list = value as unknown[] | Float32Array;
    if (isKept && holdsNumbers(list)) {
      (data as Float32Array | Float64Array).set(list, at);
      return at + list.length;
    }
    let next = at;
    for (const item of list) {
      // Of a list of numbers, none is worth a call.
      if (Array.isArray(item)) next = write(item, data, next);
      else data[next++] = elementOf(item);
    }
    return next;
  };
  return write;
}

/** Whether a number becomes an element without being scaled or turned into something else. */
function isKeptAsItIs({ type, feature: { mean = 0, std = 1 } }: RowField): boolean {
  return (type === 'float32' || type === 'float64') && mean === 0 && std === 1;
}

function holdsNumbers(list: readonly unknown[] | Float32Array): list is number[] | Float32Array {
  return list instanceof Float32Array || list.every((item) => typeof item === 'number');
}

/** From a checked value to an element of the tensor. */
function converterFor({ type, feature: { mean = 0, std = 1 } }: RowField): (value: unknown) => Element {
  if (type === 'string') return (value) => value as string;
  if (type === 'int64' || type === 'uint64') return (value) => BigInt(value as number | bigint);
  if (type === 'float16') return (value) => toHalf((Number(value) - mean) / std);
  return (value) => (Number(value) - mean) / std;
}
