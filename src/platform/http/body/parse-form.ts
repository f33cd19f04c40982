import { duplicateField } from './form-errors.js';
import { decodeUtf8 } from './json.js';
import { MalformedRequestError, PayloadTooLargeError } from '../errors/domain-error.js';

const MAX_FORM_FIELDS = 1_000;

/** Parses the fields of a form as strings. A duplicate field is an error. */
export function parseForm(bytes: Buffer): Record<string, string> {
  const text = decodeUtf8(bytes);
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
