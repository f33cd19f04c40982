import type { Scanner } from './split-records.js';

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Elements of a JSON array end with a comma, and the last one with the bracket. Looks at no more than strings and nesting:
 * whether an element is JSON is for its parser to say.
 */
export class JsonScanner implements Scanner {
  /** The array has ended. */
  isOver = false;
  private depth = 0;
  private isText = false;
  private isEscaped = false;

  next(bytes: Buffer, from: number): number {
    if (this.isOver) return 0;
    for (let index = from; index < bytes.length; index += 1) {
      const byte = bytes[index];
      if (this.isText) this.readText(byte!);
      else if (byte === QUOTE) this.isText = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.depth += 1;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.isOver = this.depth === 0;
        this.depth -= 1;
        if (this.isOver) return index + 1;
      } else if (byte === COMMA && this.depth === 0) return index + 1;
    }
    return 0;
  }

  private readText(byte: number): void {
    if (this.isEscaped) this.isEscaped = false;
    else if (byte === BACKSLASH) this.isEscaped = true;
    else if (byte === QUOTE) this.isText = false;
  }
}
