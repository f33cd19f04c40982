import { toHalf } from '../runtime/float16.js';
import { allocate, sizeOf, type Tensor, type TensorData } from '../runtime/tensor.js';
import type { InputPlan, RowField, RowSchema } from '../signature/row-schema.js';
import type { CheckedRow } from '../signature/row-validator.js';

/**
 * Rows to tensors: scales what has a mean or a standard deviation, and fills each input.
 * @param rows of one shape; exactly one where an input does not count rows
 */
export function preprocess(rows: readonly CheckedRow[], schema: RowSchema): Tensor[] {
  return schema.inputs.map((input) => fillInput(input, rows));
}

function fillInput(input: InputPlan, rows: readonly CheckedRow[]): Tensor {
  const { tensor, fields, positions } = input;
  const rowShape = rowShapeOf(input, rows[0] ?? []);
  const rowSize = sizeOf(rowShape);
  const data = allocate(tensor.type, rows.length * rowSize);
  let at = 0;
  for (const row of rows) {
    for (const [index, field] of fields.entries()) at = write(field, row[positions[index]!], data, at);
  }
  return {
    name: tensor.name,
    type: tensor.type,
    shape: input.countsRows ? [rows.length, ...rowShape] : rowShape,
    data,
  };
}

/** The tensor's shape without the dimension that counts rows, with open dimensions taken from the row. */
function rowShapeOf(input: InputPlan, row: CheckedRow): number[] {
  const declared = input.tensor.shape.slice(input.countsRows ? 1 : 0);
  const [only] = input.fields;
  if (!only || only.shape.length === 0)
    return declared.map((size) => (typeof size === 'string' ? input.fields.length : size));
  let value = row[input.positions[0]!];
  return declared.map(() => {
    const { length } = value as unknown[];
    value = (value as unknown[])[0];
    return length;
  });
}

/** Writes a value and what is nested in it; answers where the next one goes. */
function write(field: RowField, value: unknown, data: TensorData, at: number): number {
  if (Array.isArray(value)) {
    let next = at;
    for (const item of value) next = write(field, item, data, next);
    return next;
  }
  data[at] = toElement(field, value);
  return at + 1;
}

function toElement({ type, feature: { mean = 0, std = 1 } }: RowField, value: unknown): number | bigint | string {
  if (typeof value === 'string') return value;
  if (type === 'int64' || type === 'uint64') return BigInt(value as number | bigint);
  const number = (Number(value) - mean) / std;
  return type === 'float16' ? toHalf(number) : number;
}
