import { JsonArrayScanner } from './json-array-scanner.js';
import { MAX_RECORD_BYTES } from './split-records.js';

const [SPACE, TAB, LF, CR, QUOTE, BACKSLASH] = [0x20, 0x09, 0x0a, 0x0d, 0x22, 0x5c];
const [COMMA, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x2c, 0x5b, 0x5d, 0x7b, 0x7d];
const EMPTY = Buffer.alloc(0);

/** The document ends inside of a value, or a value is larger than MAX_RECORD_BYTES. */
export class JsonCursorError extends Error {
  constructor(readonly isTooLarge: boolean) {
    super(isTooLarge ? 'a value is larger than 1 MB' : 'the JSON ends too early');
  }
}

/**
 * Reads a JSON document that arrives in chunks: a small value, or the elements of an array a few at a time. It finds the ends
 * of values only: the parser checks whether they are well-formed.
 */
export class JsonCursor {
  private chunk: Buffer = EMPTY;
  private offset = 0;
  private readonly chunks: AsyncIterator<Buffer>;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next byte that is no white space; undefined at the end. */
  async peek(): Promise<number | undefined> {
    for (;;) {
      while (this.offset < this.chunk.length) {
        const byte = this.chunk[this.offset]!;
        if (byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR) return byte;
        this.offset += 1;
      }
      if (!(await this.next())) return undefined;
    }
  }

  /** Whether the next byte is this one, which is skipped then. */
  async take(byte: number): Promise<boolean> {
    if ((await this.peek()) !== byte) return false;
    this.offset += 1;
    return true;
  }

  /** The bytes of the next value. @throws JsonCursorError */
  async value(): Promise<Buffer> {
    await this.peek();
    const end = new ValueEnd();
    const pieces: Buffer[] = [];
    let size = 0;
    for (;;) {
      const rest = this.chunk.subarray(this.offset);
      const length = end.find(rest);
      size += length ?? rest.length;
      if (size > MAX_RECORD_BYTES) throw new JsonCursorError(true);
      pieces.push(rest.subarray(0, length));
      this.offset += length ?? rest.length;
      if (length !== undefined) return Buffer.concat(pieces);
      if (!(await this.next())) throw new JsonCursorError(false);
    }
  }

  /**
   * The elements of an array whose opening bracket has been taken: a few at a time, each with the comma that follows it, and
   * the last one with the closing bracket.
   *
   * @throws JsonCursorError
   */
  async *elements(): AsyncGenerator<Buffer> {
    const scanner = new JsonArrayScanner();
    let pending: Buffer[] = [];
    let size = 0;
    while (!scanner.isClosed) {
      if (this.offset === this.chunk.length && !(await this.next())) throw new JsonCursorError(false);
      const rest = this.chunk.subarray(this.offset);
      const first = scanner.findEnd(rest, 0);
      size += first || rest.length;
      if (size > MAX_RECORD_BYTES) throw new JsonCursorError(true);
      let end = first;
      for (let next = first; next > 0; next = scanner.findEnd(rest, next)) end = next;
      this.offset += end || rest.length;
      if (end === 0) {
        pending.push(rest);
        continue;
      }
      yield Buffer.concat([...pending, rest.subarray(0, end)]);
      const tail = scanner.isClosed ? EMPTY : rest.subarray(end);
      this.offset += tail.length;
      [pending, size] = [[tail], tail.length];
    }
  }

  /** Ends the reading of the document. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async next(): Promise<boolean> {
    const next = await this.chunks.next();
    [this.chunk, this.offset] = [next.done ? EMPTY : next.value, 0];
    return !next.done;
  }
}

/** Finds the end of one value in consecutive pieces. */
class ValueEnd {
  private depth = 0;
  private isInString = false;
  private isEscaped = false;

  /** Length of the value's part of `bytes`; undefined where it goes on. */
  find(bytes: Buffer): number | undefined {
    for (let index = 0; index < bytes.length; index += 1) {
      const byte = bytes[index]!;
      if (this.isInString) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) {
          this.isInString = false;
          if (this.depth === 0) return index + 1;
        }
      } else if (byte === QUOTE) this.isInString = true;
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.depth += 1;
      else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
        // Of the array or object around a number.
        if (this.depth === 0) return index;
        this.depth -= 1;
        if (this.depth === 0) return index + 1;
      } else if (this.depth === 0 && (byte === COMMA || byte === SPACE || byte === LF || byte === CR || byte === TAB)) {
        return index;
      }
    }
    return undefined;
  }
}
