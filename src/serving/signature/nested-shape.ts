/** Frames to the runtime have a byte for the rank of a tensor; no operator takes as many dimensions. */
export const MAX_RANK = 32;

/** The lengths of nested arrays, by the first array of each level; empty for a plain value. */
export function shapeOfNested(value: unknown): number[] {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level) && shape.length <= MAX_RANK; level = (level as unknown[])[0]) {
    shape.push(level.length);
  }
  return shape;
}
