import { unnamedDimension } from '../signature/tensor.js';

/** What exporters write for a dimension that they do not know: no name for it, so two of them need not be equal. */
const PLACEHOLDER =
  /^(?:\?|none|null|nan|-\d+|\*|any|dyn|dynamic|unknown)$|^unk_|^unknown_|^dynamic_?(?:dim|axes)?_?\d*$|^dim_?\d+$|_dynamic_axes_\d+$/i;

/**
 * The dimensions of a tensor, with a symbol of its own for each one that has no reliable name: a placeholder, no name, and
 * the second dimension of one name in a tensor.
 */
export function dimensionsOf(tensor: string, shape: readonly (number | string | undefined)[]): (number | string)[] {
  return shape.map((size, axis) => {
    if (typeof size === 'number' && size >= 0) return size;
    const isNamed = typeof size === 'string' && size !== '' && !PLACEHOLDER.test(size) && shape.indexOf(size) === axis;
    return isNamed ? size : unnamedDimension(tensor, axis);
  });
}
