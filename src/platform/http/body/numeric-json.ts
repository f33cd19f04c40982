/** In bytes. `JSON.parse` is faster for shorter bodies. */
export const MIN_NUMERIC_LENGTH = 512;
/** Number of bytes in the middle of the body that are tested. */
const SAMPLE = 64;
/** Maximum depth of nested lists and objects. */
const MAX_DEPTH = 16;
/** The greatest power of ten that a double holds exactly. */
const MAX_POWER = 22;
const POWERS = Float64Array.from({ length: MAX_POWER + 1 }, (_, power) => Number(`1e${power}`));
const IS_NUMERIC = tableOf('0123456789+-.eE,[] \t\r\n');

/* Characters by their codes. */
const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const PLUS = 43;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const GREAT_E = 69;
const LIST_BEGINS = 91;
const BACKSLASH = 92;
const LIST_ENDS = 93;
const SMALL_E = 101;
const OBJECT_BEGINS = 123;
const OBJECT_ENDS = 125;
const LAST_OF_ASCII = 126;

/**
 * Like `JSON.parse`, in half the time, for a body that consists mostly of lists of short numbers, such as tensors. Returns
 * undefined for any other body and for malformed JSON. It supports objects, lists, ASCII strings, and numbers whose digits a
 * double can represent. Such digits and a power of ten up to 10^22 are exact, so one multiplication or division rounds correctly
 * (W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990).
 */
export function parseNumericJson(bytes: Buffer): unknown {
  return isMostlyNumbers(bytes) ? new NumericJsonReader(bytes).read() : undefined;
}

function isMostlyNumbers(bytes: Buffer): boolean {
  if (bytes.length < MIN_NUMERIC_LENGTH) return false;
  const start = (bytes.length - SAMPLE) >> 1;
  for (let at = start; at < start + SAMPLE; at += 1) if (IS_NUMERIC[bytes[at]!] === 0) return false;
  return true;
}

/** Parses one text. Each method starts at `at` and advances it, and returns undefined if the text is not supported. */
class NumericJsonReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  read(): unknown {
    const value = this.value(0);
    const { length } = this.bytes;
    // V8 slows down all reads of a Buffer after one read beyond its end.
    if (this.at < length) this.next();
    return this.at === length ? value : undefined;
  }

  /** The next byte that is not white space; undefined at the end. */
  private next(): number | undefined {
    const byte = this.bytes[this.at]!;
    return byte > SPACE ? byte : this.afterSpace();
  }

  private afterSpace(): number | undefined {
    const { bytes } = this;
    let byte = bytes[this.at];
    while (byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB) byte = bytes[(this.at += 1)];
    return byte;
  }

  private value(depth: number): unknown {
    const byte = this.next();
    if (byte === LIST_BEGINS) return this.list(depth);
    if (byte === OBJECT_BEGINS) return this.object(depth);
    return byte === QUOTE ? this.text() : this.number();
  }

  private list(depth: number): unknown[] | undefined {
    const items: unknown[] = [];
    this.at += 1;
    if (this.next() === LIST_ENDS) return this.after(items);
    while (depth < MAX_DEPTH) {
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
      const byte = this.next();
      if (byte === LIST_ENDS) return this.after(items);
      if (byte !== COMMA) return undefined;
      this.at += 1;
    }
    return undefined;
  }

  private object(depth: number): object | undefined {
    const fields: Record<string, unknown> = {};
    this.at += 1;
    if (this.next() === OBJECT_ENDS) return this.after(fields);
    while (depth < MAX_DEPTH) {
      const name = this.next() === QUOTE ? this.text() : undefined;
      // An assignment would set the prototype.
      if (name === undefined || name === '__proto__' || this.next() !== COLON) return undefined;
      this.at += 1;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      fields[name] = value;
      const byte = this.next();
      if (byte === OBJECT_ENDS) return this.after(fields);
      if (byte !== COMMA) return undefined;
      this.at += 1;
    }
    return undefined;
  }

  private after<T>(value: T): T {
    this.at += 1;
    return value;
  }

  private text(): string | undefined {
    const { bytes } = this;
    const start = this.at + 1;
    let at = start;
    while (bytes[at] !== QUOTE) {
      const byte = bytes[at]!;
      if (!(byte >= SPACE && byte <= LAST_OF_ASCII) || byte === BACKSLASH) return undefined;
      at += 1;
    }
    this.at = at + 1;
    return bytes.toString('latin1', start, at);
  }

  private number(): number | undefined {
    const { bytes } = this;
    let { at } = this;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at += 1;
    const first = at;
    let digits = 0;
    let byte = bytes[at]!;
    for (; byte >= ZERO && byte <= NINE; byte = bytes[(at += 1)]!) digits = digits * 10 + (byte - ZERO);
    if (at === first || (bytes[first] === ZERO && at > first + 1)) return undefined;
    let power = 0;
    if (byte === DOT) {
      const point = (at += 1);
      for (byte = bytes[at]!; byte >= ZERO && byte <= NINE; byte = bytes[(at += 1)]!)
        digits = digits * 10 + (byte - ZERO);
      power = point - at;
      if (power === 0) return undefined;
    }
    this.at = at;
    if (byte === SMALL_E || byte === GREAT_E) {
      const exponent = this.exponent();
      if (exponent === undefined) return undefined;
      power += exponent;
    }
    if (digits > Number.MAX_SAFE_INTEGER || power < -MAX_POWER || power > MAX_POWER) return undefined;
    const magnitude = power < 0 ? digits / POWERS[-power]! : power === 0 ? digits : digits * POWERS[power]!;
    return isNegative ? -magnitude : magnitude;
  }

  private exponent(): number | undefined {
    const { bytes } = this;
    let at = this.at + 1;
    const sign = bytes[at];
    if (sign === MINUS || sign === PLUS) at += 1;
    const first = at;
    let exponent = 0;
    for (let byte = bytes[at]!; byte >= ZERO && byte <= NINE; byte = bytes[(at += 1)]!) {
      exponent = exponent * 10 + (byte - ZERO);
    }
    this.at = at;
    if (at === first) return undefined;
    return sign === MINUS ? -exponent : exponent;
  }
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}
