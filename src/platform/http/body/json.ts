import { isUtf8 } from 'node:buffer';
import type { Application, Response } from 'express';
import { parse, stringify } from 'lossless-json';
import { MalformedRequestError, PayloadTooLargeError } from '../errors/domain-error.js';

/**
 * Matches 16 digits at the beginning of a value, which a double may not represent exactly. The value need not be an integer: a
 * pattern that finds the end of the digits would backtrack over millions of them and overflow the stack.
 */
const LONG_INTEGER = /(?:^|[[,:\s])-?\d{16}/;
/** An integer with as many digits as 64 bits need. A longer bigint takes long to parse, and no data type can hold it. */
const INTEGER_OF_64_BITS = /^-?\d{1,20}$/;
/** In characters. Exact parsing takes several times as long and blocks the event loop. */
const MAX_EXACT_LENGTH = 4 * 2 ** 20;
/** NaN at the beginning of a value. */
const NAN = /[[,:\s]NaN\b/;
/** Part of the message of `JSON.stringify` for a bigint. */
const BIGINT_MESSAGE = 'serialize a BigInt';

/** @throws MalformedRequestError if the bytes are not UTF-8 or not JSON */
export function parseJson(bytes: Buffer): unknown {
  const text = decodeUtf8(bytes);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw malformedJson(text);
  }
}

/** As `parseJson`, but integers beyond 2^53 become bigints instead of being rounded. */
export function parseJsonExactly(bytes: Buffer): unknown {
  const text = decodeUtf8(bytes);
  return text === '' ? undefined : parseExactJson(text);
}

/**
 * Like `JSON.parse`, but returns integers beyond 2^53 of up to 20 digits as bigints, and does not round them. Rejects a text of
 * more than 4 MB that contains such an integer.
 *
 * @throws MalformedRequestError, PayloadTooLargeError
 */
export function parseExactJson(text: string): unknown {
  const mayBeRounded = LONG_INTEGER.test(text);
  if (mayBeRounded && text.length <= MAX_EXACT_LENGTH) {
    return requireWellFormed(text, () =>
      parse(text, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue }),
    );
  }
  const value = requireWellFormed(text, () => JSON.parse(text) as unknown);
  if (mayBeRounded && requireWellFormed(text, () => holdsLongInteger(value))) {
    const message = 'A body with integers beyond 2^53 may have at most 4 MB as JSON.';
    throw new PayloadTooLargeError(`${message} Send it in parts, or as binary data where that is taken.`);
  }
  return value;
}

/** Like `JSON.stringify`, undefined included, but writes a bigint as a number with all its digits. */
export function stringifyExactJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError && error.message.includes(BIGINT_MESSAGE))) throw error;
    return stringify(value);
  }
}

/**
 * Makes `response.json` of an Express application write 64-bit integers with all their digits. Express's own throws an error
 * for them.
 */
export function writeExactJson(app: Application): void {
  const { response } = app as unknown as { response: Response };
  response.json = function json(this: Response, body: unknown): Response {
    const text = stringifyExactJson(body);
    if (!this.hasHeader('Content-Type')) this.set('Content-Type', 'application/json');
    return this.send(text);
  };
}

/** Rejects bytes that are not UTF-8. With replacement by U+FFFD, different texts would become equal. */
export function decodeUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new MalformedRequestError('The body is not UTF-8.');
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', hasBom ? 3 : 0);
}

/** What to write in place of NaN, as Python writes it, to follow a message about text that is not JSON; empty without NaN. */
export function adviceOnNaN(text: string): string {
  return NAN.test(text) ? 'JSON has no NaN: write null for a missing value' : '';
}

function malformedJson(text: string): MalformedRequestError {
  const advice = adviceOnNaN(text);
  return new MalformedRequestError(`The body is not well-formed JSON.${advice && ` ${advice}.`}`);
}

function requireWellFormed<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw malformedJson(text);
  }
}

/** Whether a value contains an integer that may have been rounded. Not every match of the pattern is an integer. */
function holdsLongInteger(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsLongInteger);
}

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  return !Number.isSafeInteger(number) && INTEGER_OF_64_BITS.test(text) ? BigInt(text) : number;
}
