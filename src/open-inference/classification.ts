import { fromHalf, hasBatchDimension, type Signature, type Tensor } from '../serving/index.js';

/** Significant decimal digits of a float32. */
const DIGITS = 7;

/**
 * Returns the top `count` classes of each row of an output, the greatest value first. A class is the string
 * `<value>:<index>`, or `<value>:<index>:<label>` where the model has a label for each index.
 *
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md
 */
export function classify(
  tensor: Tensor,
  count: number,
  signature: Signature,
  labels: readonly string[] | undefined,
): Tensor {
  const declared = signature.outputs.find(({ name }) => name === tensor.name);
  const hasRows = declared !== undefined && hasBatchDimension(declared, signature) && tensor.shape.length > 1;
  const rows = hasRows ? (tensor.shape[0] ?? 0) : 1;
  const width = rows === 0 ? 0 : tensor.data.length / rows;
  const size = Math.min(count, width);
  const data = Array.from({ length: rows }, (_, row) => {
    const valueAt = readerFrom(tensor, row * width);
    return topIndices(valueAt, width, size).map((index) => formatClass(valueAt(index), index, labels, width));
  });
  return { name: tensor.name, type: 'string', shape: hasRows ? [rows, size] : [size], data: data.flat() };
}

type ValueAt = (index: number) => number | bigint;

/** Reads values from `start` on in place: an output may be too large to copy. */
function readerFrom({ type, data }: Tensor, start: number): ValueAt {
  const values = data as ArrayLike<number | bigint>;
  return type === 'float16' ? (index) => fromHalf(values[start + index] as number) : (index) => values[start + index]!;
}

/** Indices of the `count` greatest of `width` values; equal values by index. One pass, which sorts at most 2 × `count` at a time. */
function topIndices(valueAt: ValueAt, width: number, count: number): number[] {
  const order = (a: number, b: number): number => {
    const [left, right] = [valueAt(a), valueAt(b)];
    return left < right ? 1 : left > right ? -1 : a - b;
  };
  let best: number[] = [];
  let least: number | bigint | undefined;
  for (let index = 0; index < width; index += 1) {
    if (least !== undefined && valueAt(index) <= least) continue;
    best.push(index);
    if (best.length < 2 * count) continue;
    best = best.sort(order).slice(0, count);
    least = valueAt(best.at(-1)!);
  }
  return best.sort(order).slice(0, count);
}

function formatClass(
  value: number | bigint,
  index: number,
  labels: readonly string[] | undefined,
  width: number,
): string {
  const text = typeof value === 'number' ? String(Number(value.toPrecision(DIGITS))) : String(value);
  return labels?.length === width ? `${text}:${index}:${labels[index]}` : `${text}:${index}`;
}
