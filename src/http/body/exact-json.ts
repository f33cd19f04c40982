import { parse, stringify } from 'lossless-json';
import { MalformedRequestError } from '../errors/domain-error.js';

/** An integer of 16 digits or more where a value may stand: a double may not hold it. Looks at each character once. */
const LONG_INTEGER = /(?:^|[[,:\s])-?\d{16,}(?![\d.eE])/;
/** With a sign, as many as 64 bits have: making a bigint of more takes long, and no type takes it. */
const INTEGER_OF_64_BITS = /^-?\d{1,20}$/;
/** What `JSON.stringify` says of a bigint. */
const BIGINT_WORDS = 'serialize a BigInt';

/**
 * As `JSON.parse`, but an integer beyond 2^53 becomes a bigint instead of being rounded, up to 20 digits.
 *
 * @throws MalformedRequestError
 */
export function parseExactJson(text: string): unknown {
  try {
    if (!LONG_INTEGER.test(text)) return JSON.parse(text);
    return parse(text, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue });
  } catch {
    throw new MalformedRequestError('The body is not well-formed JSON.');
  }
}

/** As `JSON.stringify`, but a bigint is written as a number, with all its digits. */
export function stringifyExactJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError && error.message.includes(BIGINT_WORDS))) throw error;
    return stringify(value) ?? '';
  }
}

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  return !Number.isSafeInteger(number) && INTEGER_OF_64_BITS.test(text) ? BigInt(text) : number;
}
