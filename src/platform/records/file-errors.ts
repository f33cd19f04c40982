import { isUtf8 } from 'node:buffer';
import { adviceOnNaN, type FieldError, InvalidInputError, MalformedRequestError } from '../http/index.js';
import type { ReadOptions } from './record.js';

const FILE = ['body', 'file'] as const;
const LF = 0x0a;
/** What to do about a file that is not UTF-8, to follow what is wrong. */
export const NAME_ENCODING =
  'save the file as UTF-8, or name its encoding in the Content-Type, such as text/csv; charset=cp949';

/** For a file that cannot be read as a whole. */
export function invalidFileError(type: string, message: string, line?: number): InvalidInputError {
  const location: FieldError['location'] = line === undefined ? FILE : [...FILE, line];
  return new InvalidInputError([{ location, type, message }]);
}

/** Where JSON that is not well-formed was found. */
export interface JsonFault {
  readonly position?: number;
  /** The part that could not be parsed. */
  readonly text?: string;
}

/** A MalformedRequestError for a request body, else an invalid file. */
export function invalidJsonError(
  message: string,
  { from = 'file' }: ReadOptions,
  { position, text = '' }: JsonFault = {},
): Error {
  const advice = adviceOnNaN(text);
  if (from === 'body') return new MalformedRequestError(`The body is not well-formed JSON.${advice && ` ${advice}.`}`);
  return invalidFileError('json', `${message}${advice && `; ${advice}`}`, position);
}

/** Decodes whole lines. @param line number of the first one @throws InvalidInputError that names the first line that is not UTF-8 */
export function decodeLines(bytes: Buffer, line: number): string {
  if (isUtf8(bytes)) return bytes.toString();
  const invalid = line + indexOfInvalidLine(bytes);
  throw invalidFileError('encoding', `line ${invalid} is not UTF-8: ${NAME_ENCODING}`, invalid);
}

function indexOfInvalidLine(bytes: Buffer): number {
  let index = 0;
  let from = 0;
  for (;;) {
    const end = bytes.indexOf(LF, from) + 1 || bytes.length;
    if (!isUtf8(bytes.subarray(from, end))) return index;
    from = end;
    index += 1;
  }
}

export function countLineBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
