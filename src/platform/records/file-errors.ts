import { isUtf8 } from 'node:buffer';
import { type FieldError, InvalidInputError, MalformedRequestError } from '../http/index.js';
import type { ReadOptions } from './record.js';

const FILE = ['body', 'file'] as const;
/** The marks that UTF-16 begins with, in either order. */
const UTF16 = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];
const LF = 0x0a;

/** A file that cannot be read as a whole. */
export function invalidFile(type: string, message: string, line?: number): InvalidInputError {
  const location: FieldError['location'] = line === undefined ? FILE : [...FILE, line];
  return new InvalidInputError([{ location, type, message }]);
}

/** JSON that is none: malformed where it is the body, else an invalid file. */
export function brokenJson(message: string, { from = 'file' }: ReadOptions, position?: number): Error {
  if (from === 'body') return new MalformedRequestError('The body is not well-formed JSON.');
  return invalidFile('json', message, position);
}

/** The text of whole lines, of which the first is `line`. */
export function decodeLines(bytes: Buffer, line: number): string {
  if (isUtf8(bytes)) return bytes.toString();
  if (line === 1 && UTF16.some((mark) => bytes.subarray(0, 2).equals(mark))) {
    throw invalidFile('encoding', 'the file is UTF-16: save it as UTF-8', 1);
  }
  const broken = line + firstBrokenLine(bytes);
  throw invalidFile('encoding', `line ${broken} is not UTF-8: save the file as UTF-8`, broken);
}

function firstBrokenLine(bytes: Buffer): number {
  let index = 0;
  let from = 0;
  for (;;) {
    const end = bytes.indexOf(LF, from) + 1 || bytes.length;
    if (!isUtf8(bytes.subarray(from, end))) return index;
    from = end;
    index += 1;
  }
}
