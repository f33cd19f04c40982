import { fromHalf } from '../runtime/float16.js';
import type { Signature, Tensor } from '../runtime/tensor.js';
import { countsRows } from '../signature/row-schema.js';

/** As many digits as a float32 has. */
const DIGITS = 7;

/**
 * The classification extension: for each row of an output its `count` greatest values, greatest first, each as
 * `<value>:<index>`, or `<value>:<index>:<label>` where the model has a label for each index.
 */
export function classify(
  tensor: Tensor,
  count: number,
  signature: Signature,
  labels: readonly string[] | undefined,
): Tensor {
  const declared = signature.outputs.find(({ name }) => name === tensor.name);
  const hasRows = declared !== undefined && countsRows(declared, signature) && tensor.shape.length > 1;
  const rows = hasRows ? (tensor.shape[0] ?? 0) : 1;
  const width = rows === 0 ? 0 : tensor.data.length / rows;
  const size = Math.min(count, width);
  const data = Array.from({ length: rows }, (_, row) => {
    const values = numbersOf(tensor, row * width, (row + 1) * width);
    return greatest(values, size).map((index) => describe(values[index]!, index, labels, width));
  });
  return { name: tensor.name, type: 'string', shape: hasRows ? [rows, size] : [size], data: data.flat() };
}

function numbersOf({ type, data }: Tensor, start: number, end: number): (number | bigint)[] {
  const values = Array.from<number | bigint>(data.slice(start, end) as ArrayLike<number | bigint>);
  return type === 'float16' ? values.map((bits) => fromHalf(Number(bits))) : values;
}

/** Indices of the greatest values, the first of equals first. */
function greatest(values: readonly (number | bigint)[], count: number): number[] {
  const order = (a: number, b: number): number => (values[a]! < values[b]! ? 1 : values[a]! > values[b]! ? -1 : a - b);
  return values
    .map((_, index) => index)
    .sort(order)
    .slice(0, count);
}

function describe(value: number | bigint, index: number, labels: readonly string[] | undefined, width: number): string {
  const text = typeof value === 'number' ? String(Number(value.toPrecision(DIGITS))) : String(value);
  return labels?.length === width ? `${text}:${index}:${labels[index]}` : `${text}:${index}`;
}
