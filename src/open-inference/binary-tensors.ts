import { isStorableText } from '../platform/http/index.js';
import {
  ELEMENT_TYPES,
  InvalidTensorError,
  sizeOf,
  type Tensor,
  type TensorData,
  type TensorMetadata,
} from '../serving/index.js';

// The binary tensor data extension of the protocol: elements in row-major order, little-endian, without padding.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md

/** A string is its length in 4 bytes, followed by its UTF-8. */
const LENGTH_BYTES = 4;
/** Aligns small tensors: V8 allocates a new buffer five times slower than it copies these bytes twice. */
const ALIGNED = new Uint8Array(64);
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes the elements of a tensor.
 *
 * @returns a view of `bytes` where they are aligned for the element type, else a copy
 * @throws InvalidTensorError where the length does not match the shape, or an element is not of the type
 */
export function decodeBinary({ name, type, shape }: TensorMetadata, bytes: Buffer, maxTextLength: number): TensorData {
  const { array } = ELEMENT_TYPES[type];
  const size = sizeOf(shape);
  if (array === undefined) return decodeStrings(name, size, bytes, maxTextLength);
  const { BYTES_PER_ELEMENT: width } = array;
  if (bytes.length !== size * width) {
    const expected = `${size * width} bytes, by its shape and datatype`;
    throw new InvalidTensorError(`The input "${name}" has ${bytes.length} bytes of data; it must have ${expected}.`);
  }
  if (type === 'bool' && bytes.some((byte) => byte > 1)) {
    throw new InvalidTensorError(`The input "${name}" must hold a byte of 0 or 1 for each truth value.`);
  }
  if (bytes.byteOffset % width === 0) return new array(bytes.buffer as ArrayBuffer, bytes.byteOffset, size);
  if (bytes.length > ALIGNED.length) return new array(new Uint8Array(bytes).buffer, 0, size);
  ALIGNED.set(bytes);
  return new array(ALIGNED.buffer, 0, size).slice();
}

/** Decodes all of `bytes` as one string. @throws InvalidTensorError */
export function decodeText(name: string, bytes: Buffer, maxLength: number): string {
  const text = readUtf8(bytes);
  if (text === undefined || !isStorableText(text)) {
    throw new InvalidTensorError(`The input "${name}" must hold UTF-8 text without NUL: models accept no other bytes.`);
  }
  requireTextLength(name, text, maxLength);
  return text;
}

/** @throws InvalidTensorError where the string has more than `maxLength` characters */
export function requireTextLength(name: string, text: string, maxLength: number): void {
  if (text.length <= maxLength) return;
  throw new InvalidTensorError(`A text of the input "${name}" may have at most ${maxLength} characters.`);
}

export function encodeBinary({ data }: Tensor): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const size = data.reduce((total, text) => total + LENGTH_BYTES + Buffer.byteLength(text), 0);
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const text of data) {
    const length = bytes.write(text, offset + LENGTH_BYTES);
    bytes.writeUInt32LE(length, offset);
    offset += LENGTH_BYTES + length;
  }
  return bytes;
}

/** Compares the number of strings with the shape before it allocates them. */
function decodeStrings(name: string, size: number, bytes: Buffer, maxLength: number): string[] {
  const ends = findStringEnds(name, size, bytes);
  if (ends.length !== size) {
    const found = ends.length > size ? `more than ${size}` : ends.length;
    throw new InvalidTensorError(`The input "${name}" has ${found} texts in its data; its shape means ${size}.`);
  }
  return ends.map((end, index) => {
    return decodeText(name, bytes.subarray((ends[index - 1] ?? 0) + LENGTH_BYTES, end), maxLength);
  });
}

/** Offsets of the end of each string. Stops after `maxCount` + 1 strings. */
function findStringEnds(name: string, maxCount: number, bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let offset = 0; offset < bytes.length && ends.length <= maxCount;) {
    const length = offset + LENGTH_BYTES <= bytes.length ? bytes.readUInt32LE(offset) : 0;
    const end = offset + LENGTH_BYTES + length;
    if (end > bytes.length) throw new InvalidTensorError(`The data of the input "${name}" ends within a text.`);
    ends.push(end);
    offset = end;
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
