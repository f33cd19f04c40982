import { isUtf8 } from 'node:buffer';
import { type FieldError, InvalidInputError, parseExactJson } from '../http/index.js';
import { invalidJsonError, NAME_ENCODING } from './file-errors.js';
import type { ReadOptions } from './record.js';

const [CLOSE_ARRAY, CLOSE_OBJECT] = [0x5d, 0x7d];

/** Parses the elements of one JSON array, some at a time, and counts them. */
export class JsonElements {
  count = 0;

  /** @param location of the array */
  constructor(
    private readonly options: ReadOptions,
    private readonly location: FieldError['location'],
  ) {}

  /** @param bytes elements, each followed by its comma, or the last one by the closing bracket */
  parse(bytes: Buffer): unknown[] {
    const text = this.decode(bytes.subarray(0, -1));
    if (bytes.at(-1) === CLOSE_ARRAY && this.count === 0 && text.trim() === '') return [];
    const values = bytes.at(-1) === CLOSE_OBJECT ? [] : this.parseText(text);
    // An empty element before a comma or the bracket, or a brace that closes no object.
    if (values.length === 0) throw this.notWellFormed(`the JSON is not well-formed at element ${this.count}`);
    this.count += values.length;
    return values;
  }

  decode(bytes: Buffer): string {
    if (!isUtf8(bytes)) throw this.notWellFormed(`the file is not UTF-8: ${NAME_ENCODING}`);
    return bytes.toString();
  }

  /** @param text the part that could not be parsed */
  notWellFormed(message: string, text?: string): Error {
    return invalidJsonError(message, this.options, { position: this.count, text });
  }

  noRows(): Error {
    const { location } = this;
    const message = `${location.at(-1)} must hold at least one row`;
    return new InvalidInputError([{ location, type: 'array', message }]);
  }

  tooLarge(): Error {
    const location = [...this.location, this.count];
    return new InvalidInputError([{ location, type: 'length', message: `element ${this.count} is larger than 1 MB` }]);
  }

  private parseText(text: string): unknown[] {
    try {
      return parseExactJson(`[${text}]`) as unknown[];
    } catch {
      throw this.notWellFormed(`the JSON is not well-formed at element ${this.count}, or soon after it`, text);
    }
  }
}
