import { isDecimal } from './decimal.js';

/*
 * Values as pandas, spreadsheets and forms write them. Spaces around a value do not count. Nothing is rounded: a text that is not
 * exactly such a value is undefined.
 */

const TRUE = /^(true|\+?1(\.0*)?)$/i;
const FALSE = /^(false|[+-]?0(\.0*)?)$/i;
const [ZERO, NINE, MINUS, POINT] = [0x30, 0x39, 0x2d, 0x2e];
/** With at most as many characters, the digits are exactly representable as a double. */
const MAX_PLAIN = 15;
const POWERS_OF_TEN = Array.from({ length: MAX_PLAIN }, (_, exponent) => 10 ** exponent);
const SHORT = 40;
/** Exactly representable as a double. */
const FEW_DIGITS = /^-?\d{1,15}$/;
/** Sign, digits before and behind the point, and exponent of a decimal number. */
const PARTS = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i;
/** Of the greatest unsigned integer of 64 bits. */
const MAX_DIGITS = 20;

/** `true`, `True`, `TRUE` and `1`; `false`, `False`, `FALSE` and `0`. A column with gaps comes as `1.0` and `0.0`. */
export function booleanOf(text: string): boolean | undefined {
  const value = text.trim();
  if (TRUE.test(value)) return true;
  return FALSE.test(value) ? false : undefined;
}

/** A number in decimal notation. It may round to infinity. */
export function numberOf(text: string): number | undefined {
  return plainNumberOf(text) ?? anyNumberOf(text);
}

/**
 * A number of few digits such as -12.5, a third faster than `Number` and with the same result: both the digits and the power of ten
 * are exact, and the division rounds once. Undefined for other texts.
 */
function plainNumberOf(text: string): number | undefined {
  const { length } = text;
  if (length > MAX_PLAIN) return undefined;
  const isNegative = text.charCodeAt(0) === MINUS;
  let digits = 0;
  let value = 0;
  let point = -1;
  for (let at = isNegative ? 1 : 0; at < length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) {
      value = 10 * value + (code - ZERO);
      digits += 1;
    } else if (code === POINT && point < 0) point = at;
    else return undefined;
  }
  if (digits === 0) return undefined;
  const number = point < 0 ? value : value / POWERS_OF_TEN[length - point - 1]!;
  return isNegative ? -number : number;
}

function anyNumberOf(text: string): number | undefined {
  const value = text.trim();
  if (mayBeOtherThanDecimal(value)) return isDecimal(value) ? Number(value) : undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

/** False where `Number` reads the text as a decimal number or not at all: it is short, not empty, nor like Infinity, 0x1F, 0o17 or 0b1. */
function mayBeOtherThanDecimal(text: string): boolean {
  return text === '' || text.length > SHORT || text.charCodeAt(0) > NINE || text.charCodeAt(1) > NINE;
}

/** A whole number of at most 64 bits, also as `4500.0`, `4.5E+03` or `+4500`; a bigint beyond 2^53. */
export function wholeNumberOf(text: string): number | bigint | undefined {
  const value = text.trim();
  // Plus zero: "-0" is no other integer than 0.
  if (FEW_DIGITS.test(value)) return Number(value) + 0;
  if (!isDecimal(value)) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = PARTS.exec(value)!;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return 0;
  const zeros = Number(exponent) - fraction.length + digits.length - significant.length;
  if (zeros < 0 || significant.length + zeros > MAX_DIGITS) return undefined;
  const integer = BigInt(`${sign === '-' ? '-' : ''}${significant}${'0'.repeat(zeros)}`);
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}
