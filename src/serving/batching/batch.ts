import { allocate, join, joinedShape, sizeOf, type Tensor } from '../signature/tensor.js';

/**
 * Tensors of several callers as one: each begins with the dimension that counts rows, and is like the others of its name
 * in all else.
 */
export function concatenate(parts: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const [first = []] = parts;
  if (parts.length === 1) return first;
  return first.map(({ name, type }, index) => {
    const own = parts.map((part) => part[index]!);
    const shape = joinedShape(own);
    return { name, type, shape, data: join(own, allocate(type, sizeOf(shape))) };
  });
}

/** The rows from `start` on, `count` of them, of tensors that begin with the dimension that counts rows; no copy is made. */
export function sliceRows(tensors: readonly Tensor[], start: number, count: number): Tensor[] {
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
