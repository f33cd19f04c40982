import { unnamedDimension } from '../signature/tensor.js';

/** What exporters write for a dimension that they do not know: no name for it, so two of them need not be equal. */
const PLACEHOLDER =
  /^(?:\?|\*|-\d+|none|null|nan|any|dyn|unk|unknown|dim_?\d+|dynamic(?:_?(?:dim|axis|axes))?_?\d*|(?:unk|unknown)_.*)$/i;
/** Names that older versions of PyTorch make up, such as `x_dynamic_axes_1` and `Gemmlogits_dim_0`. */
const MADE_UP = /_dynamic_axes_\d+$|^[A-Z][A-Za-z]*[^ ]*_dim_\d+$/;

/**
 * The dimensions of a tensor, with a symbol of its own for each one that has no reliable name: a placeholder, no name, and
 * the second dimension of one name in a tensor.
 */
export function dimensionsOf(tensor: string, shape: readonly (number | string | undefined)[]): (number | string)[] {
  return shape.map((size, axis) => {
    if (typeof size === 'number' && size >= 0) return size;
    const isNamed =
      typeof size === 'string' &&
      size !== '' &&
      !PLACEHOLDER.test(size) &&
      !MADE_UP.test(size) &&
      shape.indexOf(size) === axis;
    return isNamed ? size : unnamedDimension(tensor, axis);
  });
}
