import { parseExactJson } from '../http/index.js';
import { DataFrameReader } from './data-frame-reader.js';
import { invalidFileError, invalidJsonError } from './file-errors.js';
import { JsonArrayScanner } from './json-array-scanner.js';
import { JsonElements } from './json-elements.js';
import { namedRow } from './list-row.js';
import { peekBytes, skipBytes } from './peek-bytes.js';
import type { FileRecord, ReadOptions } from './record.js';
import { MAX_RECORD_BYTES, splitRecords } from './split-records.js';

/** Start of an array of rows, or of a member that holds rows. */
const START = /^(?:\{[ \t\n\r]*"([a-z_]+)"[ \t\n\r]*:[ \t\n\r]*)?([[{])/;
const TABLE = 'dataframe_split';
const END = /^[ \t\n\r]*$/;
const END_OF_OBJECT = /^[ \t\n\r]*\}[ \t\n\r]*$/;

/** The array or the table in which the rows of a document are. */
interface RowsStart {
  /** The member that holds them; undefined for an array by itself. */
  readonly member: string | undefined;
  /** Bytes up to and with its opening bracket or brace. */
  readonly length: number;
}

/**
 * Reads one JSON document: an array of rows, `{"instances": […]}` and the like, a table as pandas writes it, or one row. Parses
 * an array a few elements at a time.
 */
export class JsonReader {
  readonly header = undefined;
  private table: DataFrameReader | undefined;

  constructor(private readonly options: ReadOptions) {}

  /** The columns of a table. */
  get columns(): readonly string[] | undefined {
    return this.table?.columns;
  }

  /** @param chunks the file without a byte order mark */
  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    const { head, all } = await peekBytes(chunks);
    const start = this.findRows(head.toString('latin1'));
    if (!start) {
      yield [await this.readSingle(all)];
      return;
    }
    const rows = skipBytes(all, start.length);
    if (start.member !== TABLE) yield* this.readArray(rows, start.member);
    else {
      this.table = new DataFrameReader(this.options, this.locationOf(TABLE));
      yield* this.table.read(rows);
    }
  }

  private findRows(head: string): RowsStart | undefined {
    const [text = '', member, bracket] = START.exec(head) ?? [];
    const { members = ['instances'] } = this.options.rows ?? {};
    if (member === undefined) return bracket === '[' ? { member, length: text.length } : undefined;
    if (bracket !== (member === TABLE ? '{' : '[') || !members.some((known) => known === member)) return undefined;
    return { member, length: text.length };
  }

  private async *readArray(chunks: AsyncIterable<Buffer>, member: string | undefined): AsyncGenerator<FileRecord[]> {
    const scanner = new JsonArrayScanner();
    const location = this.locationOf(member);
    const elements = new JsonElements(this.options, location);
    let remainder = '';
    for await (const { bytes, isRemainder } of splitRecords(chunks, scanner, () => elements.tooLarge())) {
      if (isRemainder) remainder = bytes.toString('latin1');
      else yield this.toRecords(bytes, elements, location);
    }
    if (!scanner.isClosed) throw elements.notWellFormed('the JSON ends before its array does');
    if (!(member === undefined ? END : END_OF_OBJECT).test(remainder)) {
      throw elements.notWellFormed('the JSON goes on after its array');
    }
  }

  private toRecords(bytes: Buffer, elements: JsonElements, location: readonly string[]): FileRecord[] {
    const first = elements.count;
    const values = elements.parse(bytes);
    if (values.length === 0) throw elements.noRows();
    return values.map((value, index) => {
      const position = first + index;
      const place = [...location, position];
      return { position, location: place, ...namedRow(value, this.options.rows?.lists, place) };
    });
  }

  private async readSingle(chunks: AsyncIterable<Buffer>): Promise<FileRecord> {
    const location = this.locationOf(undefined);
    const elements = new JsonElements(this.options, location);
    const parts: Buffer[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > MAX_RECORD_BYTES) throw elements.tooLarge();
      parts.push(chunk);
    }
    const text = elements.decode(Buffer.concat(parts));
    if (text.trim() === '') throw this.emptyDocument();
    try {
      return { position: 0, location, value: parseExactJson(text) };
    } catch {
      throw invalidJsonError('the file is not well-formed JSON', this.options, { text });
    }
  }

  /** Location of the rows in a member of a body, or of a body, or of a file. */
  private locationOf(member: string | undefined): readonly string[] {
    const { from = 'file' } = this.options;
    if (from === 'file') return ['body', 'file'];
    return member === undefined ? ['body'] : ['body', member];
  }

  private emptyDocument(): Error {
    const isBody = this.options.from === 'body';
    return isBody ? invalidJsonError('', this.options) : invalidFileError('empty', 'the file is empty');
  }
}
