import { allocate, sizeOf, type Tensor, type TensorData } from '../runtime/tensor.js';

/**
 * Tensors of several callers as one: each begins with the dimension that counts rows, and is like the others of its name
 * in all else.
 */
export function concatenate(parts: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first = []] = parts;
  if (parts.length === 1) return first;
  return first.map(({ name, type, shape }, index) => {
    const own = parts.map((part) => part[index]!);
    const rows = own.reduce((sum, tensor) => sum + (tensor.shape[0] ?? 0), 0);
    const joined = [rows, ...shape.slice(1)];
    return { name, type, shape: joined, data: join(own, allocate(type, sizeOf(joined))) };
  });
}

function join(parts: readonly Tensor[], into: TensorData): TensorData {
  let at = 0;
  for (const { data } of parts) {
    if (Array.isArray(into)) (data as string[]).forEach((text, index) => (into[at + index] = text));
    else into.set(data as never, at);
    at += data.length;
  }
  return into;
}

/** The rows from `start` on, `count` of them, of tensors that begin with the dimension that counts rows; no copy is made. */
export function rowsOf(tensors: readonly Tensor[], start: number, count: number): Tensor[] {
  return tensors.map(({ name, type, shape, data }) => {
    const rowShape = shape.slice(1);
    const size = sizeOf(rowShape);
    const [from, to] = [start * size, (start + count) * size];
    return {
      name,
      type,
      shape: [count, ...rowShape],
      data: Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to),
    };
  });
}

/** Tells apart what may not run together: tensors of other shapes, apart from the number of rows. */
export function groupOf(feeds: readonly Tensor[]): string {
  return feeds.map(({ shape }) => shape.slice(1).join('x')).join(';');
}
