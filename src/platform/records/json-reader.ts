import { isUtf8 } from 'node:buffer';
import { InvalidInputError, parseExactJson } from '../http/index.js';
import { cut, MAX_RECORD } from './split-records.js';
import { brokenJson, invalidFile } from './file-errors.js';
import { openingOf, without } from './json-opening.js';
import { JsonScanner } from './json-scanner.js';
import type { FileRecord, ReadOptions } from './record.js';

/** How an array of rows begins; the group is there where it is the value of "instances". */
const ARRAY_OR_INSTANCES = /^(\{[ \t\n\r]*"instances"[ \t\n\r]*:[ \t\n\r]*)?\[/;
const ARRAY = /^\[/;
const END = /^[ \t\n\r]*$/;
const END_OF_OBJECT = /^[ \t\n\r]*\}[ \t\n\r]*$/;
const [CLOSE_ARRAY, CLOSE_OBJECT] = [0x5d, 0x7d];

/** Reads one JSON document: an array of rows, `{"instances": […]}`, or one row. An array is parsed a few elements at a time. */
export class JsonReader {
  readonly columns = undefined;
  private count = 0;
  private isInInstances = false;

  constructor(private readonly options: ReadOptions) {}

  /** @param pieces of the file, without a byte order mark */
  async *read(pieces: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    const { head, all } = await openingOf(pieces);
    const pattern = this.options.instances === false ? ARRAY : ARRAY_OR_INSTANCES;
    const start = pattern.exec(head.toString('latin1'));
    if (!start) yield [await this.readOne(all)];
    else {
      this.isInInstances = start[1] !== undefined;
      yield* this.readArray(without(all, start[0].length));
    }
  }

  private async *readArray(pieces: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    const scanner = new JsonScanner();
    let rest = '';
    for await (const { bytes, isRest } of cut(pieces, scanner, () => this.tooLarge())) {
      if (isRest) rest = bytes.toString('latin1');
      else yield this.elementsOf(bytes);
    }
    if (!scanner.isOver) throw this.broken('the JSON ends before its array does');
    if (!(this.isInInstances ? END_OF_OBJECT : END).test(rest)) throw this.broken('the JSON goes on after its array');
  }

  /** @param bytes elements, each with the comma after it, or with the bracket after the last */
  private elementsOf(bytes: Buffer): FileRecord[] {
    const text = this.decode(bytes.subarray(0, -1));
    if (bytes.at(-1) === CLOSE_ARRAY && this.count === 0 && text.trim() === '') throw this.empty();
    const values = bytes.at(-1) === CLOSE_OBJECT ? [] : this.parse(text);
    // Nothing stands before a comma, or between it and the bracket; or a brace closes what is no object.
    if (values.length === 0) throw this.broken(`the JSON is not well-formed at element ${this.count}`);
    return values.map((value) => this.recordOf(value));
  }

  private parse(text: string): unknown[] {
    try {
      return parseExactJson(`[${text}]`) as unknown[];
    } catch {
      throw this.broken(`the JSON is not well-formed at element ${this.count}, or soon after it`);
    }
  }

  private recordOf(value: unknown): FileRecord {
    const position = this.count;
    this.count += 1;
    return { position, location: [...this.root, position], value };
  }

  private async readOne(pieces: AsyncIterable<Buffer>): Promise<FileRecord> {
    const held: Buffer[] = [];
    let size = 0;
    for await (const piece of pieces) {
      size += piece.length;
      if (size > MAX_RECORD) throw this.tooLarge();
      held.push(piece);
    }
    const text = this.decode(Buffer.concat(held));
    if (text.trim() === '') throw this.nothing();
    try {
      return { position: 0, location: this.root, value: parseExactJson(text) };
    } catch {
      throw brokenJson('the file is not well-formed JSON', this.options);
    }
  }

  private decode(bytes: Buffer): string {
    if (!isUtf8(bytes)) throw this.broken('the file is not UTF-8: save it as UTF-8');
    return bytes.toString();
  }

  /** Where the rows stand. */
  private get root(): readonly string[] {
    const { from = 'file' } = this.options;
    if (from === 'file') return ['body', 'file'];
    return this.isInInstances ? ['body', 'instances'] : ['body'];
  }

  private broken(message: string): Error {
    return brokenJson(message, this.options, this.count);
  }

  private empty(): Error {
    const location = this.root;
    return new InvalidInputError([
      { location, type: 'array', message: `${location.at(-1)} must hold at least one row` },
    ]);
  }

  private nothing(): Error {
    return this.options.from === 'body' ? this.broken('') : invalidFile('empty', 'the file is empty');
  }

  private tooLarge(): Error {
    const location = [...this.root, this.count];
    return new InvalidInputError([{ location, type: 'length', message: `element ${this.count} is larger than 1 MB` }]);
  }
}
