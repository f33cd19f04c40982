import type { Writable } from 'node:stream';
import {
  ELEMENT_TYPES,
  type ElementType,
  join,
  joinedShape,
  type NumericData,
  type Tensor,
  type TensorData,
} from '../signature/tensor.js';
import { decodeTexts, encodeTexts } from './text-elements.js';

/**
 * The protocol of the pipe between the web process and a runtime process. Numbers are little-endian. Padding extends to a
 * multiple of 8 bytes from the beginning of the frame, so that typed arrays can be views of the received bytes.
 *
 *     frame   = length:u32 of the payload, id:u32, kind:u8, padding, payload, padding
 *     ready   = JSON { signature, sha256, files }   failed, run-failed = UTF-8 text
 *     run     = tensors, result = tensors           id of the run
 *     too-large = UTF-8 digits                      number of values in the outputs, which are not sent
 *     tensors = count:u32, padding, tensor*
 *     tensor  = byte length:u32, type:u8, rank:u8, name length:u16, dimension:u32 * rank, name, padding, bytes, padding
 *
 * A string tensor's bytes are length:u32 and UTF-8 for each element.
 */
export const FrameKind = { run: 1, ready: 2, failed: 3, result: 4, runFailed: 5, tooLarge: 6 } as const;

/** A received frame. */
export interface Frame {
  readonly kind: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** Bytes of the largest element type. */
const ALIGNMENT = 8;
const HEADER_BYTES = 16;
const COUNT_BYTES = 8;
const TENSOR_HEADER_BYTES = 8;
const DIMENSION_BYTES = 4;
/** Elements of this size for each caller are pieces of their own. */
const APART_BYTES = 16_384;
const TYPES_BY_CODE = new Map<number, ElementType>(
  Object.entries(ELEMENT_TYPES).map(([type, { code }]) => [code, type as ElementType]),
);

/** A frame with a copy of `payload`. */
export function encodeFrame(kind: number, id: number, payload: Uint8Array): Buffer {
  const frame = newFrame(kind, id, payload.byteLength);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/**
 * A frame of tensors, in one piece or in several to be sent one after another: the elements of large tensors are pieces of their
 * own, which are not copied; those of others are copied once.
 *
 * @param parts the tensors of each caller, concatenated along the first dimension: the same names in the same order, with
 *   shapes that differ in that dimension only
 */
export function encodeTensors(kind: number, id: number, parts: readonly (readonly Tensor[])[]): Uint8Array[] {
  const tensors = (parts[0] ?? []).map((_, index) => layoutOf(parts.map((part) => part[index]!)));
  const size = tensors.reduce((sum, { headerBytes, length }) => sum + headerBytes + padded(length), COUNT_BYTES);
  const apart = tensors.reduce((sum, tensor) => sum + (isApart(tensor) ? tensor.length : 0), 0);
  const frame = newFrame(kind, id, size, size - apart);
  frame.writeUInt32LE(tensors.length, HEADER_BYTES);
  frame.writeUInt32LE(0, HEADER_BYTES + 4);
  const pieces: Uint8Array[] = [];
  let from = 0;
  let at = HEADER_BYTES + COUNT_BYTES;
  for (const tensor of tensors) {
    const elements = writeTensorHeader(tensor, frame, at);
    if (isApart(tensor)) {
      pieces.push(frame.subarray(from, elements), ...tensor.parts.map(bytesOf));
      from = elements;
      at = elements + padded(tensor.length) - tensor.length;
      frame.fill(0, from, at);
    } else {
      at = writeElements(tensor, frame, elements);
    }
  }
  if (from < frame.length) pieces.push(from === 0 ? frame : frame.subarray(from));
  return pieces;
}

/** Sends a frame. Its pieces must not be changed before they are sent. */
export function sendPieces(stream: Writable, pieces: readonly Uint8Array[]): void {
  if (pieces.length > 1) stream.cork();
  for (const piece of pieces) stream.write(piece);
  if (pieces.length > 1) stream.uncork();
}

/**
 * Allocates a frame and writes its header. Not from Node's buffer pool, which does not align to 8 bytes.
 *
 * @param length of the payload, and `held` how many bytes of it, padding included, the frame itself holds
 */
function newFrame(kind: number, id: number, length: number, held = padded(length)): Buffer {
  const frame = Buffer.allocUnsafeSlow(HEADER_BYTES + held);
  clearPadding(frame, HEADER_BYTES);
  clearPadding(frame, frame.length);
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(id, 4);
  frame.writeUInt8(kind, 8);
  return frame;
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/** Clears the 8 bytes before `end`, which may be padding, of uninitialized memory. Call it before the content is written. */
function clearPadding(frame: Buffer, end: number): void {
  frame.writeDoubleLE(0, end - ALIGNMENT);
}

/** Splits a byte stream into frames. */
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

/** The layout of one tensor in a frame, concatenated from its parts. */
interface TensorLayout {
  readonly parts: readonly Tensor[];
  readonly shape: readonly number[];
  readonly nameBytes: number;
  readonly headerBytes: number;
  /** Bytes of the elements. */
  readonly length: number;
  /** The encoded elements of a string tensor. */
  readonly texts: Buffer | undefined;
}

function layoutOf(parts: readonly Tensor[]): TensorLayout {
  const shape = joinedShape(parts);
  const nameBytes = Buffer.byteLength(parts[0]!.name);
  const texts = parts[0]!.type === 'string' ? encodeTexts(parts.flatMap(({ data }) => data as string[])) : undefined;
  const length = texts?.length ?? parts.reduce((sum, { data }) => sum + (data as NumericData).byteLength, 0);
  return { parts, shape, nameBytes, headerBytes: headerBytesOf(shape.length, nameBytes), length, texts };
}

/** Bytes before the elements of a tensor. */
function headerBytesOf(rank: number, nameBytes: number): number {
  return padded(TENSOR_HEADER_BYTES + rank * DIMENSION_BYTES + nameBytes);
}

/** Whether the elements are sent as they are in memory: a copy of a small tensor costs less than a piece of its own. */
function isApart({ length, texts, parts }: TensorLayout): boolean {
  return length >= APART_BYTES * parts.length && texts === undefined;
}

function bytesOf({ data }: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = data as NumericData;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Writes all but the elements at `start`, and returns the offset of the elements. */
function writeTensorHeader(
  { parts, shape, nameBytes, headerBytes, length }: TensorLayout,
  frame: Buffer,
  start: number,
): number {
  const { name, type } = parts[0]!;
  const elements = start + headerBytes;
  clearPadding(frame, elements);
  frame.writeUInt32LE(length, start);
  frame.writeUInt8(ELEMENT_TYPES[type].code, start + 4);
  frame.writeUInt8(shape.length, start + 5);
  frame.writeUInt16LE(nameBytes, start + 6);
  let at = start + TENSOR_HEADER_BYTES;
  for (const dimension of shape) at = frame.writeUInt32LE(dimension, at);
  frame.write(name, at);
  return elements;
}

/** Writes the elements at `start` and returns the offset after them. */
function writeElements({ parts, length, texts }: TensorLayout, frame: Buffer, start: number): number {
  const { array } = ELEMENT_TYPES[parts[0]!.type];
  const end = start + padded(length);
  if (length > 0) clearPadding(frame, end);
  if (texts || array === undefined) frame.set(texts ?? [], start);
  else join(parts, new array(frame.buffer as ArrayBuffer, start, length / array.BYTES_PER_ELEMENT));
  return end;
}

/** Decodes tensors as views of `payload`, whose whole buffer they keep in memory. @throws Error for an unknown element type */
export function decodeTensors(payload: Buffer): Tensor[] {
  const tensors: Tensor[] = [];
  const count = payload.readUInt32LE(0);
  let at = COUNT_BYTES;
  for (let index = 0; index < count; index += 1) {
    const type = TYPES_BY_CODE.get(payload.readUInt8(at + 4));
    if (type === undefined) throw new Error('A frame holds a tensor of an unknown type');
    const length = payload.readUInt32LE(at);
    const rank = payload.readUInt8(at + 5);
    const nameLength = payload.readUInt16LE(at + 6);
    const shape: number[] = [];
    for (let axis = 0; axis < rank; axis += 1) {
      shape.push(payload.readUInt32LE(at + TENSOR_HEADER_BYTES + axis * DIMENSION_BYTES));
    }
    const nameStart = at + TENSOR_HEADER_BYTES + rank * DIMENSION_BYTES;
    const name = payload.toString('utf8', nameStart, nameStart + nameLength);
    const start = at + headerBytesOf(rank, nameLength);
    tensors.push({ name, type, shape, data: decodeData(type, payload.subarray(start, start + length)) });
    at = start + padded(length);
  }
  return tensors;
}

function decodeData(type: ElementType, bytes: Buffer): TensorData {
  const { array } = ELEMENT_TYPES[type];
  if (array === undefined) return decodeTexts(bytes);
  const { BYTES_PER_ELEMENT: size } = array;
  // Typed arrays must be aligned to their element size. A frame is, unless it was concatenated from chunks.
  const { buffer, byteOffset, length } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new array(buffer as ArrayBuffer, byteOffset, length / size) as NumericData;
}
