const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** No finite number needs more characters; it bounds the time of a conversion. */
const MAX_LENGTH = 400;

/** Whether the whole text is a number in decimal notation. */
export function isDecimal(text: string): boolean {
  return text.length <= MAX_LENGTH && DECIMAL.test(text);
}
