/** The bytes are not a whole ONNX model. */
export class NotOnnxError extends Error {
  constructor() {
    super('the file is not an ONNX model, or not all of one');
  }
}

/** Wire types of Protocol Buffers: variable-length integers, fixed numbers, and strings, messages and packed numbers. */
export const Wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** One field of a message. */
export interface Field {
  readonly number: number;
  readonly wireType: number;
  /** The value without its tag and length; a view of the message. */
  readonly bytes: Buffer;
  /** Tag, length and value. */
  readonly whole: Buffer;
}

/**
 * Reads the fields of a Protocol Buffers message one by one, without copies.
 *
 * @throws NotOnnxError where the message is malformed
 */
export function* fieldsOf(message: Buffer): Generator<Field> {
  for (let at = 0; at < message.length;) {
    const start = at;
    const tag = readVarint(message, at);
    const [number, wireType] = [Math.floor(tag.value / 8), tag.value % 8];
    let from = tag.end;
    if (wireType === Wire.bytes) {
      const length = readVarint(message, from);
      from = length.end;
      at = from + length.value;
    } else if (wireType === Wire.varint) at = readVarint(message, from).end;
    else if (wireType === Wire.fixed64) at = from + 8;
    else if (wireType === Wire.fixed32) at = from + 4;
    else throw new NotOnnxError();
    if (at > message.length) throw new NotOnnxError();
    yield { number, wireType, bytes: message.subarray(from, at), whole: message.subarray(start, at) };
  }
}

/**
 * The value of a singular message field. Protocol Buffers merge the occurrences of one, which is what their concatenation
 * means.
 */
export function messageIn(message: Buffer, number: number): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === number && field.wireType === Wire.bytes) parts.push(field.bytes);
  }
  return parts.length > 1 ? Buffer.concat(parts) : parts[0];
}

/** The value of a singular text field: its last occurrence. */
export function textIn(message: Buffer, number: number): string | undefined {
  let text: Buffer | undefined;
  for (const field of fieldsOf(message)) {
    if (field.number === number && field.wireType === Wire.bytes) text = field.bytes;
  }
  return text?.toString();
}

/** The values of a repeated or singular integer field, packed or not. */
export function integersIn(message: Buffer, number: number): bigint[] {
  const integers: bigint[] = [];
  for (const { bytes, wireType, number: found } of fieldsOf(message)) {
    if (found !== number || (wireType !== Wire.varint && wireType !== Wire.bytes)) continue;
    for (let at = 0; at < bytes.length;) {
      const { end } = readVarint(bytes, at);
      integers.push(int64At(bytes, at, end));
      at = end;
    }
  }
  return integers;
}

/** The values of a repeated or singular field of 32-bit floats, packed or not. */
export function floatsIn(message: Buffer, number: number): number[] {
  const floats: number[] = [];
  for (const { bytes, wireType, number: found } of fieldsOf(message)) {
    if (found !== number || (wireType !== Wire.fixed32 && wireType !== Wire.bytes)) continue;
    for (let at = 0; at + 4 <= bytes.length; at += 4) floats.push(bytes.readFloatLE(at));
  }
  return floats;
}

/** A field with the text, the message or the packed numbers in `parts`. */
export function encodeBytes(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const buffers = parts.map((part) => Buffer.from(part));
  const length = buffers.reduce((sum, { length: own }) => sum + own, 0);
  return Buffer.concat([encodeVarint(number * 8 + Wire.bytes), encodeVarint(length), ...buffers]);
}

/** A field with an integer of at least 0. */
export function encodeInteger(number: number, value: number): Buffer {
  return Buffer.concat([encodeVarint(number * 8 + Wire.varint), encodeVarint(value)]);
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Reads a varint of up to ten bytes; exact to 2^53, which lengths and field numbers do not exceed. */
function readVarint(message: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start; at < start + 10; at += 1) {
    const byte = message[at];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new NotOnnxError();
}

/** The 64-bit integer in the bytes of a varint, of which `readVarint` has found the end. */
function int64At(bytes: Buffer, start: number, end: number): bigint {
  let value = 0n;
  for (let at = end - 1; at >= start; at -= 1) value = (value << 7n) | BigInt(bytes[at]! & 0x7f);
  return BigInt.asIntN(64, value);
}
