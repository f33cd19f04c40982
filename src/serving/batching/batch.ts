import { allocate, join, joinedShape, sizeOf, type Tensor } from '../signature/tensor.js';

/** How rows of several callers share a run. */
export interface BatchPolicy {
  readonly maxBatchSize: number;
  /** How long a batch that is not full may wait for further rows while the runtime is idle. */
  readonly maxWaitMs: number;
}

/**
 * Concatenates the tensors of several callers along the batch dimension, the first one.
 *
 * @param parts the tensors of each caller: the same names in the same order, with shapes that differ in the first dimension only
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

/** `count` rows from row `start` on, of tensors with a batch dimension; numeric data is a view and no copy. */
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

/** The shapes without the batch dimension: only tensors of equal shapes can be concatenated. */
export function groupOf(feeds: readonly Tensor[]): string {
  return feeds.map(({ shape }) => shape.slice(1).join('x')).join(';');
}
