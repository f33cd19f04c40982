import { isUtf8 } from 'node:buffer';
import { InvalidInputError, parseExactJson } from '../http/index.js';
import { invalidFileError, invalidJsonError, NAME_ENCODING } from './file-errors.js';
import { JsonArrayScanner } from './json-array-scanner.js';
import { peekBytes, skipBytes } from './peek-bytes.js';
import type { FileRecord, ReadOptions } from './record.js';
import { MAX_RECORD_BYTES, splitRecords } from './split-records.js';

/** Start of an array of rows. The group matches if the array is the value of "instances". */
const ARRAY_OR_INSTANCES = /^(\{[ \t\n\r]*"instances"[ \t\n\r]*:[ \t\n\r]*)?\[/;
const ARRAY = /^\[/;
const END = /^[ \t\n\r]*$/;
const END_OF_OBJECT = /^[ \t\n\r]*\}[ \t\n\r]*$/;
const [CLOSE_ARRAY, CLOSE_OBJECT] = [0x5d, 0x7d];

/** Reads one JSON document: an array of rows, `{"instances": […]}`, or one row. Parses an array a few elements at a time. */
export class JsonReader {
  readonly header = undefined;
  private count = 0;
  private isInInstances = false;

  constructor(private readonly options: ReadOptions) {}

  /** @param chunks the file without a byte order mark */
  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    const { head, all } = await peekBytes(chunks);
    const pattern = this.options.instances === false ? ARRAY : ARRAY_OR_INSTANCES;
    const start = pattern.exec(head.toString('latin1'));
    if (!start) yield [await this.readSingle(all)];
    else {
      this.isInInstances = start[1] !== undefined;
      yield* this.readArray(skipBytes(all, start[0].length));
    }
  }

  private async *readArray(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    const scanner = new JsonArrayScanner();
    let remainder = '';
    for await (const { bytes, isRemainder } of splitRecords(chunks, scanner, () => this.elementTooLarge())) {
      if (isRemainder) remainder = bytes.toString('latin1');
      else yield this.parseElements(bytes);
    }
    if (!scanner.isClosed) throw this.notWellFormed('the JSON ends before its array does');
    if (!(this.isInInstances ? END_OF_OBJECT : END).test(remainder)) {
      throw this.notWellFormed('the JSON goes on after its array');
    }
  }

  /** @param bytes elements, each followed by its comma, or the last one by the closing bracket */
  private parseElements(bytes: Buffer): FileRecord[] {
    const text = this.decode(bytes.subarray(0, -1));
    if (bytes.at(-1) === CLOSE_ARRAY && this.count === 0 && text.trim() === '') throw this.emptyArray();
    const values = bytes.at(-1) === CLOSE_OBJECT ? [] : this.parse(text);
    // An empty element before a comma or the bracket, or a brace that closes no object.
    if (values.length === 0) throw this.notWellFormed(`the JSON is not well-formed at element ${this.count}`);
    return values.map((value) => this.toRecord(value));
  }

  private parse(text: string): unknown[] {
    try {
      return parseExactJson(`[${text}]`) as unknown[];
    } catch {
      throw this.notWellFormed(`the JSON is not well-formed at element ${this.count}, or soon after it`, text);
    }
  }

  private toRecord(value: unknown): FileRecord {
    const position = this.count;
    this.count += 1;
    return { position, location: [...this.rootLocation, position], value };
  }

  private async readSingle(chunks: AsyncIterable<Buffer>): Promise<FileRecord> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > MAX_RECORD_BYTES) throw this.elementTooLarge();
      parts.push(chunk);
    }
    const text = this.decode(Buffer.concat(parts));
    if (text.trim() === '') throw this.emptyDocument();
    try {
      return { position: 0, location: this.rootLocation, value: parseExactJson(text) };
    } catch {
      throw invalidJsonError('the file is not well-formed JSON', this.options, { text });
    }
  }

  private decode(bytes: Buffer): string {
    if (!isUtf8(bytes)) throw this.notWellFormed(`the file is not UTF-8: ${NAME_ENCODING}`);
    return bytes.toString();
  }

  /** Location of the array, or of the single row. */
  private get rootLocation(): readonly string[] {
    const { from = 'file' } = this.options;
    if (from === 'file') return ['body', 'file'];
    return this.isInInstances ? ['body', 'instances'] : ['body'];
  }

  private notWellFormed(message: string, text?: string): Error {
    return invalidJsonError(message, this.options, { position: this.count, text });
  }

  private emptyArray(): Error {
    const location = this.rootLocation;
    return new InvalidInputError([
      { location, type: 'array', message: `${location.at(-1)} must hold at least one row` },
    ]);
  }

  private emptyDocument(): Error {
    return this.options.from === 'body' ? this.notWellFormed('') : invalidFileError('empty', 'the file is empty');
  }

  private elementTooLarge(): Error {
    const location = [...this.rootLocation, this.count];
    return new InvalidInputError([{ location, type: 'length', message: `element ${this.count} is larger than 1 MB` }]);
  }
}
