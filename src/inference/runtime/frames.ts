import { ELEMENT_TYPES, type ElementType, type NumericData, type Tensor, type TensorData } from './tensor.js';

/**
 * What goes over the pipe between the web process and a model's runtime. All numbers are little-endian.
 *
 *     frame   = length:u32 of what follows, kind:u8, id:u32, payload
 *     ready   = JSON { signature, sha256, files }   failed, run-failed = UTF-8 text
 *     run     = tensors, result = tensors           id tells which run a result belongs to
 *     too-large = UTF-8 digits                      how many values the answer has that is not sent
 *     tensors = count:u16, tensor*
 *     tensor  = type:u8, rank:u8, name length:u16, name, dimension:u32 * rank, byte length:u32, bytes
 *
 * A string tensor's bytes are length:u32 and UTF-8 for each element.
 */
export const FrameKind = { run: 1, ready: 2, failed: 3, result: 4, runFailed: 5, tooLarge: 6 } as const;

export interface Frame {
  readonly kind: number;
  readonly id: number;
  readonly payload: Buffer;
}

const HEADER_BYTES = 9;
const TYPES_BY_CODE = new Map<number, ElementType>(
  Object.entries(ELEMENT_TYPES).map(([type, { code }]) => [code, type as ElementType]),
);

export function encodeFrame(kind: number, id: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.byteLength);
  frame.writeUInt32LE(frame.length - 4, 0);
  frame.writeUInt8(kind, 4);
  frame.writeUInt32LE(id, 5);
  frame.set(payload, HEADER_BYTES);
  return frame;
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
    if ((this.chunks[0]?.length ?? 0) < HEADER_BYTES) this.join();
    const end = 4 + this.chunks[0]!.readUInt32LE(0);
    if (this.size < end) return undefined;
    if (this.chunks[0]!.length < end) this.join();
    const bytes = this.chunks[0]!;
    this.chunks[0] = bytes.subarray(end);
    this.size -= end;
    return { kind: bytes.readUInt8(4), id: bytes.readUInt32LE(5), payload: bytes.subarray(HEADER_BYTES, end) };
  }

  private join(): void {
    this.chunks = [Buffer.concat(this.chunks)];
  }
}

export function encodeTensors(tensors: readonly Tensor[]): Buffer {
  const count = Buffer.allocUnsafe(2);
  count.writeUInt16LE(tensors.length);
  return Buffer.concat([count, ...tensors.flatMap(encodeTensor)]);
}

function encodeTensor({ name, type, shape, data }: Tensor): Uint8Array[] {
  const nameBytes = Buffer.from(name);
  const bytes = encodeData(data);
  const header = Buffer.allocUnsafe(4 + nameBytes.length + shape.length * 4 + 4);
  let at = header.writeUInt8(ELEMENT_TYPES[type].code, 0);
  at = header.writeUInt8(shape.length, at);
  at = header.writeUInt16LE(nameBytes.length, at);
  at += nameBytes.copy(header, at);
  for (const dimension of shape) at = header.writeUInt32LE(dimension, at);
  header.writeUInt32LE(bytes.byteLength, at);
  return [header, bytes];
}

function encodeData(data: TensorData): Uint8Array {
  if (!Array.isArray(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat(
    data.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.allocUnsafe(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

export function decodeTensors(payload: Buffer): Tensor[] {
  const tensors: Tensor[] = [];
  const count = payload.readUInt16LE(0);
  let at = 2;
  for (let index = 0; index < count; index += 1) {
    const type = TYPES_BY_CODE.get(payload.readUInt8(at));
    if (type === undefined) throw new Error('A frame holds a tensor of a type that is not known');
    const rank = payload.readUInt8(at + 1);
    const nameEnd = at + 4 + payload.readUInt16LE(at + 2);
    const name = payload.toString('utf8', at + 4, nameEnd);
    const shape = Array.from({ length: rank }, (_, axis) => payload.readUInt32LE(nameEnd + axis * 4));
    const start = nameEnd + rank * 4 + 4;
    at = start + payload.readUInt32LE(start - 4);
    tensors.push({ name, type, shape, data: decodeData(type, payload.subarray(start, at)) });
  }
  return tensors;
}

function decodeData(type: ElementType, bytes: Buffer): TensorData {
  const { array } = ELEMENT_TYPES[type];
  if (array === undefined) return decodeStrings(bytes);
  // A copy, because a typed array must start at a multiple of its element size.
  const copy = new Uint8Array(bytes);
  return new array(copy.buffer) as NumericData;
}

function decodeStrings(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    texts.push(bytes.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}
