import { isUtf8 } from 'node:buffer';
import { parseExactJson } from './exact-json.js';
import { duplicateField } from './form-errors.js';
import { parseNumericJson } from './numeric-json.js';
import { MalformedRequestError, PayloadTooLargeError } from '../errors/domain-error.js';

const MAX_FORM_FIELDS = 1_000;

/** Throws `MalformedRequestError` if the bytes are not UTF-8 or not JSON. */
export function parseJson(bytes: Buffer): unknown {
  const text = decode(bytes);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedRequestError('The body is not well-formed JSON.');
  }
}

/** As `parseJson`, but integers beyond 2^53 become bigints instead of being rounded. */
export function parseJsonExactly(bytes: Buffer): unknown {
  const numbers = parseNumericJson(bytes);
  if (numbers !== undefined) return numbers;
  const text = decode(bytes);
  return text === '' ? undefined : parseExactJson(text);
}

/** Parses the fields of a form as strings. A duplicate field is an error. */
export function parseForm(bytes: Buffer): Record<string, string> {
  const text = decode(bytes);
  requirePercentEncoding(text, 'form');
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) throw duplicateField(name);
    if (fields.size === MAX_FORM_FIELDS)
      throw new PayloadTooLargeError(`A form has at most ${MAX_FORM_FIELDS} fields.`);
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

/** Throws `MalformedRequestError` if percent-encoded text is not UTF-8: it would be decoded to other text. */
export function requirePercentEncoding(text: string, name: string): void {
  try {
    decodeURIComponent(text);
  } catch {
    throw new MalformedRequestError(`The ${name} is not percent-encoded UTF-8.`);
  }
}

/** Rejects bytes that are not UTF-8. With replacement by U+FFFD, different texts would become equal. */
function decode(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new MalformedRequestError('The body is not UTF-8.');
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', hasBom ? 3 : 0);
}
