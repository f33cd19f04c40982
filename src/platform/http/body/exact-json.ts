import { parse, stringify } from 'lossless-json';
import { MalformedRequestError, PayloadTooLargeError } from '../errors/domain-error.js';

/**
 * What begins with 16 digits where a value may stand: a double may not hold it. It need not be an integer: to look where the
 * digits end, a regular expression would keep each of millions of them in mind, and run out of stack.
 */
const LONG_INTEGER = /(?:^|[[,:\s])-?\d{16}/;
/** With a sign, as many as 64 bits have: making a bigint of more takes long, and no type takes it. */
const INTEGER_OF_64_BITS = /^-?\d{1,20}$/;
/** Characters; reading integers exactly takes several times as long, and everybody waits meanwhile. */
const MAX_EXACT_LENGTH = 4 * 2 ** 20;
/** What `JSON.stringify` says of a bigint. */
const BIGINT_WORDS = 'serialize a BigInt';

/**
 * As `JSON.parse`, but an integer beyond 2^53 becomes a bigint instead of being rounded, up to 20 digits; a text of more
 * than 4 MB that holds one is refused.
 *
 * @throws MalformedRequestError, PayloadTooLargeError
 */
export function parseExactJson(text: string): unknown {
  const mayBeRounded = LONG_INTEGER.test(text);
  if (mayBeRounded && text.length <= MAX_EXACT_LENGTH) {
    return demandWellFormed(() => parse(text, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue }));
  }
  const value = demandWellFormed(() => JSON.parse(text) as unknown);
  if (mayBeRounded && demandWellFormed(() => holdsLongInteger(value))) {
    const message = 'A body with integers beyond 2^53 may have at most 4 MB as JSON.';
    throw new PayloadTooLargeError(`${message} Send it in parts, or as binary data where that is taken.`);
  }
  return value;
}

/** As `JSON.stringify`, undefined included, but a bigint is written as a number, with all its digits. */
export function stringifyExactJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError && error.message.includes(BIGINT_WORDS))) throw error;
    return stringify(value);
  }
}

function demandWellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new MalformedRequestError('The body is not well-formed JSON.');
  }
}

/** Whether a value may have been rounded: of what looks like a long integer, not all is one. */
function holdsLongInteger(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsLongInteger);
}

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  return !Number.isSafeInteger(number) && INTEGER_OF_64_BITS.test(text) ? BigInt(text) : number;
}
