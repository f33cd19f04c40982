import { elementConverterFor } from '../signature/element-conversion.js';
import { shapeOfNested } from '../signature/nested-shape.js';
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
export function preprocessorFor(schema: RowSchema): Preprocess {
  const converters = schema.inputs.map(inputConverterFor);
  const lengthsOf = lengthsReader(schema);
  return (rows) => converters.map((toTensor) => toTensor(rows, lengthsOf));
}

/** Lengths of a row by their symbols, where a row has an array of that length. */
type Lengths = ReadonlyMap<string, number>;

function inputConverterFor(input: InputPlan): (rows: readonly CheckedRow[], lengthsOf: LengthsOf) => Tensor {
  const { tensor, fields, positions, hasBatchDimension } = input;
  const { name, type } = tensor;
  const writers = fields.map(writerFor);
  const fixedShape = fixedShapeOf(input);
  const write: WriteRows = (rows, length) => {
    const data = allocate(type, length);
    let at = 0;
    for (const row of rows) {
      for (let index = 0; index < writers.length; index += 1) at = writers[index]!(row[positions[index]!], data, at);
    }
    return data;
  };
  const toData = isTensorItself(input) ? reuseOneRow(positions[0]!, write) : write;
  return (rows, lengthsOf) => {
    const rowShape = fixedShape ?? shapeOfRow(input, rows[0] ?? [], lengthsOf);
    const data = toData(rows, rows.length * sizeOf(rowShape));
    return { name, type, shape: hasBatchDimension ? [rows.length, ...rowShape] : rowShape, data };
  };
}

/** Converts rows to the elements of a tensor. @param length the number of elements */
type WriteRows = (rows: readonly CheckedRow[], length: number) => TensorData;

/** Whether a typed array of the one field has the elements of the tensor, as a picture has. */
function isTensorItself({ tensor, fields }: InputPlan): boolean {
  const [field] = fields;
  return fields.length === 1 && tensor.type === 'float32' && field!.shape.length > 0 && isIdentityConversion(field!);
}

/** Takes the typed array of a single row as it is: a copy of a picture is half a megabyte of garbage. */
function reuseOneRow(position: number, write: WriteRows): WriteRows {
  return (rows, length) => {
    const value = rows.length === 1 ? rows[0]![position] : undefined;
    return value instanceof Float32Array && value.length === length ? value : write(rows, length);
  };
}

/** The shape without the batch dimension; undefined where it depends on the row. */
function fixedShapeOf({ tensor, fields, hasBatchDimension }: InputPlan): readonly number[] | undefined {
  if (tensor.hasUnknownRank) return undefined;
  const declared = tensor.shape.slice(hasBatchDimension ? 1 : 0);
  const hasScalarFields = fields[0] === undefined || fields[0].shape.length === 0;
  const shape = declared.map((size) => (typeof size === 'string' && hasScalarFields ? fields.length : size));
  return shape.every((size) => typeof size === 'number') ? shape : undefined;
}

/** The lengths of a row's arrays, read when they are needed: for rows whose shapes differ. */
type LengthsOf = (row: CheckedRow) => Lengths;

/** The shape without the batch dimension, with the symbolic dimensions of the row. */
function shapeOfRow(
  { tensor, positions, fields }: InputPlan,
  row: CheckedRow,
  lengthsOf: LengthsOf,
): readonly number[] {
  const value = row[positions[0]!];
  if (tensor.hasUnknownRank) return shapeOfNested(value);
  const found = shapeOfNested(value);
  // An empty array does not show the lengths inside it.
  return fields[0]!.shape.map((size, depth) => {
    return typeof size === 'number' ? size : (found[depth] ?? lengthsOf(row).get(size) ?? 0);
  });
}

function lengthsReader({ fields }: RowSchema): LengthsOf {
  return (row) => {
    const lengths = new Map<string, number>();
    fields.forEach(({ shape }, index) => {
      shapeOfNested(row[index]).forEach((length, depth) => {
        const size = shape[depth];
        if (typeof size === 'string') lengths.set(size, length);
      });
    });
    return lengths;
  };
}

function writerFor(field: RowField): Write {
  const toElement = elementConverterFor(field);
  if (field.shape.length === 0 && !field.hasUnknownRank) {
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
  if (!field.hasUnknownRank) return write;
  return (value, data, at) => {
    if (Array.isArray(value)) return write(value, data, at);
    data[at] = toElement(value);
    return at + 1;
  };
}

/** Whether numbers become elements unchanged, NaN too. */
function isIdentityConversion({ type, feature: { mean = 0, std = 1, missing } }: RowField): boolean {
  return (type === 'float32' || type === 'float64') && mean === 0 && std === 1 && missing === undefined;
}

function holdsNumbers(list: readonly unknown[] | Float32Array): list is number[] | Float32Array {
  return list instanceof Float32Array || list.every((item) => typeof item === 'number');
}
