import { isStorableText } from '../platform/http/index.js';
import {
  ELEMENT_TYPES,
  sizeOf,
  type Tensor,
  type TensorMetadata,
  type TensorData,
  InvalidTensorError,
} from '../serving/index.js';

/**
 * The binary tensor data extension: elements in row-major order, little-endian, without padding. A text is its length in
 * four bytes, then its UTF-8; a truth value is a byte, 0 or 1.
 */
const LENGTH_BYTES = 4;
/** Where a few bytes are aligned: memory of their own takes V8 five times as long to make as it does to copy them twice. */
const FEW = new Uint8Array(64);
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The elements in `bytes`: a view of them where they stand as an array needs it, else a copy.
 *
 * @throws InvalidTensorError where they are not as many as the shape says, or not of the type
 */
export function decodeBinary({ name, type, shape }: TensorMetadata, bytes: Buffer, maxTextLength: number): TensorData {
  const { array } = ELEMENT_TYPES[type];
  const size = sizeOf(shape);
  if (array === undefined) return decodeTexts(name, size, bytes, maxTextLength);
  const { BYTES_PER_ELEMENT: width } = array;
  if (bytes.length !== size * width) {
    const expected = `${size * width} bytes, by its shape and datatype`;
    throw new InvalidTensorError(`The input "${name}" has ${bytes.length} bytes of data; it must have ${expected}.`);
  }
  if (type === 'bool' && bytes.some((byte) => byte > 1)) {
    throw new InvalidTensorError(`The input "${name}" must hold a byte of 0 or 1 for each truth value.`);
  }
  if (bytes.byteOffset % width === 0) return new array(bytes.buffer as ArrayBuffer, bytes.byteOffset, size);
  if (bytes.length > FEW.length) return new array(new Uint8Array(bytes).buffer, 0, size);
  FEW.set(bytes);
  return new array(FEW.buffer, 0, size).slice();
}

/** One text that is all of `bytes`. */
export function decodeText(name: string, bytes: Buffer, maxLength: number): string {
  const text = readUtf8(bytes);
  if (text === undefined || !isStorableText(text)) {
    throw new InvalidTensorError(`The input "${name}" must hold UTF-8 text without NUL: a model takes no other bytes.`);
  }
  demandTextLength(name, text, maxLength);
  return text;
}

export function demandTextLength(name: string, text: string, maxLength: number): void {
  if (text.length <= maxLength) return;
  throw new InvalidTensorError(`A text of the input "${name}" may have at most ${maxLength} characters.`);
}

export function encodeBinary({ data }: Tensor): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const size = data.reduce((total, text) => total + LENGTH_BYTES + Buffer.byteLength(text), 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const text of data) {
    const length = bytes.write(text, at + LENGTH_BYTES);
    bytes.writeUInt32LE(length, at);
    at += LENGTH_BYTES + length;
  }
  return bytes;
}

/** The number of texts is known to be right before room is made for them. */
function decodeTexts(name: string, size: number, bytes: Buffer, maxLength: number): string[] {
  const ends = endsOf(name, size, bytes);
  if (ends.length !== size) {
    const found = ends.length > size ? `more than ${size}` : ends.length;
    throw new InvalidTensorError(`The input "${name}" has ${found} texts in its data; its shape means ${size}.`);
  }
  return ends.map((end, index) => {
    return decodeText(name, bytes.subarray((ends[index - 1] ?? 0) + LENGTH_BYTES, end), maxLength);
  });
}

/** Where each text ends, and at most one more than there may be. */
function endsOf(name: string, size: number, bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 0; at < bytes.length && ends.length <= size;) {
    const end = at + LENGTH_BYTES + (at + LENGTH_BYTES <= bytes.length ? bytes.readUInt32LE(at) : 0);
    if (end > bytes.length) throw new InvalidTensorError(`The data of the input "${name}" ends within a text.`);
    ends.push(end);
    at = end;
  }
  return ends;
}

function readUtf8(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
