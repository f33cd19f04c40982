import { elementConverterFor } from '../signature/element-conversion.js';
import { allocate, sizeOf, type Tensor, type TensorData } from '../signature/tensor.js';
import type { InputPlan, RowField, RowSchema } from '../signature/row-schema.js';
import type { CheckedRow } from '../signature/row-check.js';

/**
 * Converts checked rows to input tensors, and scales the features that have a mean or a standard deviation.
 *
 * @param rows of one shape; exactly one row where an input has no batch dimension
 */
export type Preprocess = (rows: readonly CheckedRow[]) => Tensor[];

/** Writes a value and the values nested in it from index `at` on; returns the index after the last one. */
type Write = (value: unknown, data: TensorData, at: number) => number;

/** Compiles the conversion for a schema once, so that a request does no work for the schema. */
export function preprocessorFor({ inputs }: RowSchema): Preprocess {
  const converters = inputs.map(inputConverterFor);
  return (rows) => converters.map((toTensor) => toTensor(rows));
}

function inputConverterFor(input: InputPlan): (rows: readonly CheckedRow[]) => Tensor {
  const { tensor, fields, positions, hasBatchDimension } = input;
  const { name, type } = tensor;
  const writers = fields.map(writerFor);
  const fixedShape = fixedShapeOf(input);
  return (rows) => {
    const rowShape = fixedShape ?? shapeOfRow(input, rows[0] ?? []);
    const data = allocate(type, rows.length * sizeOf(rowShape));
    let at = 0;
    for (const row of rows) {
      for (let index = 0; index < writers.length; index += 1) at = writers[index]!(row[positions[index]!], data, at);
    }
    return { name, type, shape: hasBatchDimension ? [rows.length, ...rowShape] : rowShape, data };
  };
}

/** The shape without the batch dimension; undefined where it depends on the row. */
function fixedShapeOf({ tensor, fields, hasBatchDimension }: InputPlan): readonly number[] | undefined {
  const declared = tensor.shape.slice(hasBatchDimension ? 1 : 0);
  const hasScalarFields = fields[0] === undefined || fields[0].shape.length === 0;
  const shape = declared.map((size) => (typeof size === 'string' && hasScalarFields ? fields.length : size));
  return shape.every((size) => typeof size === 'number') ? shape : undefined;
}

/** The shape without the batch dimension, with symbolic dimensions taken from the row. */
function shapeOfRow({ tensor, positions, hasBatchDimension }: InputPlan, row: CheckedRow): number[] {
  let value = row[positions[0]!];
  return tensor.shape.slice(hasBatchDimension ? 1 : 0).map(() => {
    const { length } = value as unknown[];
    value = (value as unknown[])[0];
    return length;
  });
}

function writerFor(field: RowField): Write {
  const toElement = elementConverterFor(field);
  if (field.shape.length === 0) {
    return (value, data, at) => {
      data[at] = toElement(value);
      return at + 1;
    };
  }
  const isIdentity = isIdentityConversion(field);
  const write: Write = (value, data, at) => {
    // Nested arrays, or all elements in one typed array.
    const list = value as unknown[] | Float32Array;
    if (isIdentity && holdsNumbers(list)) {
      (data as Float32Array | Float64Array).set(list, at);
      return at + list.length;
    }
    let next = at;
    for (const item of list) {
      // Inlined for elements: a call for each is slow.
      if (Array.isArray(item)) next = write(item, data, next);
      else data[next++] = toElement(item);
    }
    return next;
  };
  return write;
}

/** Whether numbers become elements unchanged, NaN too. */
function isIdentityConversion({ type, feature: { mean = 0, std = 1, missing } }: RowField): boolean {
  return (type === 'float32' || type === 'float64') && mean === 0 && std === 1 && missing === undefined;
}

function holdsNumbers(list: readonly unknown[] | Float32Array): list is number[] | Float32Array {
  return list instanceof Float32Array || list.every((item) => typeof item === 'number');
}
