import type { BoundaryScanner } from './split-records.js';

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * An element of a JSON array ends at a comma, and the last one at the closing bracket. Tracks strings and nesting only: the
 * parser checks whether an element is well-formed.
 */
export class JsonArrayScanner implements BoundaryScanner {
  /** The closing bracket has been read. */
  isClosed = false;
  private depth = 0;
  private isInString = false;
  private isEscaped = false;

  findEnd(bytes: Buffer, from: number): number {
    if (this.isClosed) return 0;
    for (let index = from; index < bytes.length; index += 1) {
      const byte = bytes[index];
      if (this.isInString) this.scanString(byte!);
      else if (byte === QUOTE) this.isInString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.isClosed = this.depth === 0;
        this.depth -= 1;
        if (this.isClosed) return index + 1;
      } else if (byte === COMMA && this.depth === 0) return index + 1;
    }
    return 0;
  }

  private scanString(byte: number): void {
    if (this.isEscaped) this.isEscaped = false;
    else if (byte === BACKSLASH) this.isEscaped = true;
    else if (byte === QUOTE) this.isInString = false;
  }
}
