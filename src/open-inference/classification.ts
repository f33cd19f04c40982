import { hasBatchDimension, fromHalf, type Signature, type Tensor } from '../serving/index.js';

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
  const hasRows = declared !== undefined && hasBatchDimension(declared, signature) && tensor.shape.length > 1;
  const rows = hasRows ? (tensor.shape[0] ?? 0) : 1;
  const width = rows === 0 ? 0 : tensor.data.length / rows;
  const size = Math.min(count, width);
  const data = Array.from({ length: rows }, (_, row) => {
    const valueAt = valuesFrom(tensor, row * width);
    return greatest(valueAt, width, size).map((index) => describe(valueAt(index), index, labels, width));
  });
  return { name: tensor.name, type: 'string', shape: hasRows ? [rows, size] : [size], data: data.flat() };
}

type ValueAt = (index: number) => number | bigint;

/** Reads the values from `start` on where they stand: no copy is made of what may be very many. */
function valuesFrom({ type, data }: Tensor, start: number): ValueAt {
  const values = data as ArrayLike<number | bigint>;
  return type === 'float16' ? (index) => fromHalf(values[start + index] as number) : (index) => values[start + index]!;
}

/** Indices of the `count` greatest of `width` values, the first of equals first: in one pass that sorts few at a time. */
function greatest(valueAt: ValueAt, width: number, count: number): number[] {
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

function describe(value: number | bigint, index: number, labels: readonly string[] | undefined, width: number): string {
  const text = typeof value === 'number' ? String(Number(value.toPrecision(DIGITS))) : String(value);
  return labels?.length === width ? `${text}:${index}:${labels[index]}` : `${text}:${index}`;
}
