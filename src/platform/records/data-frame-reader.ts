import { parseExactJson } from '../http/index.js';
import { checkFrameColumns, invalid, invalidData, invalidIndex, parseColumns, unknownMember } from './data-frame.js';
import { JsonCursor, JsonCursorError } from './json-cursor.js';
import { JsonElements } from './json-elements.js';
import { nameValues, rowLengthError } from './list-row.js';
import type { FileRecord, ReadOptions } from './record.js';

const [COLON, COMMA, OPEN_ARRAY, CLOSE_OBJECT] = [0x3a, 0x2c, 0x5b, 0x7d];

/** Reads a table as `DataFrame.to_json(orient="split")` of pandas writes it, a few rows at a time. */
export class DataFrameReader {
  columns: readonly string[] | undefined;
  private readonly rows: JsonElements;
  private readonly index: JsonElements;
  private readonly rowsLocation: readonly string[];
  private hasIndex = false;

  /** @param location of the table */
  constructor(
    private readonly options: ReadOptions,
    private readonly location: readonly string[],
  ) {
    this.rowsLocation = options.from === 'body' ? [...location, 'data'] : location;
    this.rows = new JsonElements(options, this.rowsLocation);
    this.index = new JsonElements(options, [...location, 'index']);
  }

  /** @param chunks the document behind the opening brace of the table */
  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    const cursor = new JsonCursor(chunks);
    try {
      yield* this.readMembers(cursor);
    } catch (error) {
      if (!(error instanceof JsonCursorError)) throw error;
      throw error.isTooLarge ? this.rows.tooLarge() : this.rows.notWellFormed(error.message);
    } finally {
      await cursor.close();
    }
  }

  private async *readMembers(cursor: JsonCursor): AsyncGenerator<FileRecord[]> {
    const seen = new Set<string>();
    const isEmpty = (await cursor.peek()) === CLOSE_OBJECT;
    for (let hasMore = !isEmpty; hasMore; hasMore = await cursor.take(COMMA)) {
      const name = await this.readName(cursor);
      if (seen.has(name)) throw invalid([...this.location, name], 'duplicate', 'must be given once');
      seen.add(name);
      if (name === 'columns') this.columns = await this.readColumns(cursor);
      else if (name === 'index') yield* this.readIndex(cursor);
      else if (name === 'data') yield* this.readRows(cursor);
      else throw unknownMember(this.location, name);
    }
    await this.requireEnd(cursor);
    if (!this.columns) parseColumns(undefined, this.location);
    if (!seen.has('data')) throw invalidData(this.location);
    if (this.hasIndex && this.index.count !== this.rows.count) throw invalidIndex(this.rows.count, this.location);
  }

  private async readName(cursor: JsonCursor): Promise<string> {
    const name = this.parse(await cursor.value());
    if (typeof name !== 'string' || !(await cursor.take(COLON))) throw this.notWellFormed();
    return name;
  }

  private async readColumns(cursor: JsonCursor): Promise<readonly string[]> {
    const columns = parseColumns(this.parse(await cursor.value()), this.location);
    const { columns: rule } = this.options;
    if (rule) checkFrameColumns(columns, rule, this.location);
    return columns;
  }

  /** Counts the entries. Yields no records, but lets other requests run in between. */
  private async *readIndex(cursor: JsonCursor): AsyncGenerator<FileRecord[]> {
    if (!(await cursor.take(OPEN_ARRAY))) {
      if (this.parse(await cursor.value()) === null) return;
      throw invalidIndex(this.rows.count, this.location);
    }
    this.hasIndex = true;
    for await (const bytes of cursor.elements()) {
      this.index.parse(bytes);
      yield [];
    }
  }

  private async *readRows(cursor: JsonCursor): AsyncGenerator<FileRecord[]> {
    const { columns } = this;
    const place = [...this.location, 'data'];
    if (!columns) throw invalid(place, 'order', 'must come after the columns');
    if (!(await cursor.take(OPEN_ARRAY))) throw invalidData(this.location);
    for await (const bytes of cursor.elements()) {
      const first = this.rows.count;
      const values = this.rows.parse(bytes);
      if (values.length === 0) throw invalid(place, 'array', 'must hold at least one row');
      yield values.map((value, index) => this.toRecord(value, columns, first + index));
    }
  }

  private toRecord(values: unknown, columns: readonly string[], position: number): FileRecord {
    const location = [...this.rowsLocation, position];
    const value = nameValues(values, columns);
    if (value) return { position, location, value };
    return { position, location, value: undefined, error: rowLengthError(location, columns) };
  }

  private async requireEnd(cursor: JsonCursor): Promise<void> {
    const isClosed = (await cursor.take(CLOSE_OBJECT)) && (await cursor.take(CLOSE_OBJECT));
    if (isClosed && (await cursor.peek()) === undefined) return;
    throw this.notWellFormed();
  }

  private parse(bytes: Buffer): unknown {
    try {
      return parseExactJson(this.rows.decode(bytes));
    } catch {
      throw this.notWellFormed();
    }
  }

  private notWellFormed(): Error {
    const rows = this.rows.count === 0 ? 'before its rows' : 'after its rows';
    return this.rows.notWellFormed(`the JSON is not well-formed ${rows}, or has more than one member`);
  }
}
