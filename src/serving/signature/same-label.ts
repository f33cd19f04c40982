const TRUE = /^(?:true|1)$/i;
const FALSE = /^(?:false|0)$/i;
/** A whole number as pandas writes it in a column with gaps. */
const WHOLE_NUMBER = /^(-?\d+)\.0+$/;

/** Whether two texts name the same class: also `True` and `1`, `1.0` and `1`. */
export function isSameLabel(a: string, b: string): boolean {
  if (a === b) return true;
  const [first, second] = [a, b].map((text) => text.replace(WHOLE_NUMBER, '$1'));
  return first === second || [TRUE, FALSE].some((pattern) => pattern.test(first!) && pattern.test(second!));
}
