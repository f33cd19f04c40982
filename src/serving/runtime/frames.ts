import {
  ELEMENT_TYPES,
  type ElementType,
  join,
  joinedShape,
  type NumericData,
  type Tensor,
  type TensorData,
} from '../signature/tensor.js';

/**
 * What goes over the pipe between the web process and a model's runtime. All numbers are little-endian; what is padded is so
 * to a multiple of 8 bytes from the frame's beginning, so that elements are read where they have arrived.
 *
 *     frame   = length:u32 of the payload, id:u32, kind:u8, padding, payload, padding
 *     ready   = JSON { signature, sha256, files }   failed, run-failed = UTF-8 text
 *     run     = tensors, result = tensors           id tells which run a result belongs to
 *     too-large = UTF-8 digits                      how many values the answer has that is not sent
 *     tensors = count:u32, padding, tensor*
 *     tensor  = byte length:u32, type:u8, rank:u8, name length:u16, dimension:u32 * rank, name, padding, bytes, padding
 *
 * A string tensor's bytes are length:u32 and UTF-8 for each element.
 */
export const FrameKind = { run: 1, ready: 2, failed: 3, result: 4, runFailed: 5, tooLarge: 6 } as const;

export interface Frame {
  readonly kind: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** Bytes; of the largest elements. */
const ALIGNMENT = 8;
const HEADER_BYTES = 16;
const COUNT_BYTES = 8;
const TENSOR_HEADER_BYTES = 8;
const DIMENSION_BYTES = 4;
const TYPES_BY_CODE = new Map<number, ElementType>(
  Object.entries(ELEMENT_TYPES).map(([type, { code }]) => [code, type as ElementType]),
);

export function encodeFrame(kind: number, id: number, payload: Uint8Array): Buffer {
  const frame = newFrame(kind, id, payload.byteLength);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/**
 * A frame of tensors; their elements are copied once.
 *
 * @param parts of one caller, or of several as one: each tensor then begins with the dimension that counts rows, and is like
 *   the others of its name in all else
 */
export function encodeTensors(kind: number, id: number, parts: readonly (readonly Tensor[])[]): Buffer {
  const tensors = (parts[0] ?? []).map((_, index) => planOf(parts.map((part) => part[index]!)));
  const size = tensors.reduce((sum, { headBytes, length }) => sum + headBytes + padded(length), COUNT_BYTES);
  const frame = newFrame(kind, id, size);
  let at = HEADER_BYTES;
  frame.writeUInt32LE(tensors.length, at);
  frame.writeUInt32LE(0, at + 4);
  at += COUNT_BYTES;
  for (const tensor of tensors) at = write(tensor, frame, at);
  return frame;
}

/** Room for a frame, with its header. It begins at a multiple of 8 bytes, which one out of Node's pool need not. */
function newFrame(kind: number, id: number, length: number): Buffer {
  const frame = Buffer.allocUnsafeSlow(HEADER_BYTES + padded(length));
  pad(frame, HEADER_BYTES);
  pad(frame, frame.length);
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(id, 4);
  frame.writeUInt8(kind, 8);
  return frame;
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/** What is left of the memory before a place holds nothing of what was there once. To be called before it is written to. */
function pad(frame: Buffer, end: number): void {
  frame.writeDoubleLE(0, end - ALIGNMENT);
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private size = 0;

  constructor(private readonly onFrame: (frame: Frame) => void) {}

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    for (let frame = this.take(); frame !== undefined; frame = this.take()) this.onFrame(frame);
  }

  private take(): Frame | undefined {
    if (this.size < HEADER_BYTES) return undefined;
    if (this.chunks[0]!.length < HEADER_BYTES) this.join();
    const length = this.chunks[0]!.readUInt32LE(0);
    const end = HEADER_BYTES + padded(length);
    if (this.size < end) return undefined;
    if (this.chunks[0]!.length < end) this.join();
    const bytes = this.chunks[0]!;
    this.size -= end;
    if (bytes.length === end) this.chunks.shift();
    else this.chunks[0] = bytes.subarray(end);
    const payload = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
    return { kind: bytes.readUInt8(8), id: bytes.readUInt32LE(4), payload };
  }

  private join(): void {
    this.chunks = [Buffer.concat(this.chunks)];
  }
}

/** How one tensor, in parts, is written. */
interface TensorPlan {
  readonly own: readonly Tensor[];
  readonly shape: readonly number[];
  readonly nameBytes: number;
  readonly headBytes: number;
  /** Bytes of the elements. */
  readonly length: number;
  /** The elements, where they are texts. */
  readonly texts: Buffer | undefined;
}

function planOf(own: readonly Tensor[]): TensorPlan {
  const shape = joinedShape(own);
  const nameBytes = Buffer.byteLength(own[0]!.name);
  const texts = own[0]!.type === 'string' ? encodeTexts(own.flatMap(({ data }) => data as string[])) : undefined;
  const length = texts?.length ?? own.reduce((sum, { data }) => sum + (data as NumericData).byteLength, 0);
  return { own, shape, nameBytes, headBytes: headOf(shape.length, nameBytes), length, texts };
}

/** Bytes before a tensor's elements. */
function headOf(rank: number, nameBytes: number): number {
  return padded(TENSOR_HEADER_BYTES + rank * DIMENSION_BYTES + nameBytes);
}

/** Answers where the next one goes. */
function write({ own, shape, nameBytes, headBytes, length, texts }: TensorPlan, frame: Buffer, start: number): number {
  const { name, type } = own[0]!;
  const { code, array } = ELEMENT_TYPES[type];
  const elements = start + headBytes;
  const end = elements + padded(length);
  pad(frame, elements);
  if (length > 0) pad(frame, end);
  frame.writeUInt32LE(length, start);
  frame.writeUInt8(code, start + 4);
  frame.writeUInt8(shape.length, start + 5);
  frame.writeUInt16LE(nameBytes, start + 6);
  let at = start + TENSOR_HEADER_BYTES;
  for (const dimension of shape) at = frame.writeUInt32LE(dimension, at);
  frame.write(name, at);
  if (texts || array === undefined) frame.set(texts ?? [], elements);
  else join(own, new array(frame.buffer as ArrayBuffer, elements, length / array.BYTES_PER_ELEMENT));
  return end;
}

function encodeTexts(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.allocUnsafe(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Tensors whose elements stay where they have arrived, together with all that has arrived with them. */
export function decodeTensors(payload: Buffer): Tensor[] {
  const tensors: Tensor[] = [];
  const count = payload.readUInt32LE(0);
  let at = COUNT_BYTES;
  for (let index = 0; index < count; index += 1) {
    const type = TYPES_BY_CODE.get(payload.readUInt8(at + 4));
    if (type === undefined) throw new Error('A frame holds a tensor of a type that is not known');
    const length = payload.readUInt32LE(at);
    const rank = payload.readUInt8(at + 5);
    const nameLength = payload.readUInt16LE(at + 6);
    const shape: number[] = [];
    for (let axis = 0; axis < rank; axis += 1) {
      shape.push(payload.readUInt32LE(at + TENSOR_HEADER_BYTES + axis * DIMENSION_BYTES));
    }
    const nameStart = at + TENSOR_HEADER_BYTES + rank * DIMENSION_BYTES;
    const name = payload.toString('utf8', nameStart, nameStart + nameLength);
    const start = at + headOf(rank, nameLength);
    tensors.push({ name, type, shape, data: decodeData(type, payload.subarray(start, start + length)) });
    at = start + padded(length);
  }
  return tensors;
}

function decodeData(type: ElementType, bytes: Buffer): TensorData {
  const { array } = ELEMENT_TYPES[type];
  if (array === undefined) return decodeTexts(bytes);
  const { BYTES_PER_ELEMENT: size } = array;
  // A typed array begins at a multiple of its element's size. A frame does, unless its pieces came together anywhere.
  const { buffer, byteOffset, length } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new array(buffer as ArrayBuffer, byteOffset, length / size) as NumericData;
}

function decodeTexts(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    texts.push(bytes.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}
