import type { IncomingMessage } from 'node:http';
import { MalformedRequestError, PayloadTooLargeError } from '../errors/domain-error.js';

/**
 * Reads an uncompressed body from the buffer of the request. Returns undefined if the body has not arrived completely or is
 * larger than `limit`. A small body usually arrives in the same packet as its headers.
 */
export function readBuffered(request: IncomingMessage, limit: number): Buffer | undefined {
  const { readableLength } = request;
  const isWhole = request.complete || readableLength === Number(request.headers['content-length']);
  if (!isWhole || request.destroyed || readableLength > limit) return undefined;
  return (request.read() as Buffer | null) ?? Buffer.alloc(0);
}

/**
 * Reads an uncompressed body of up to `limit` bytes. A larger body is discarded while it arrives.
 *
 * @throws PayloadTooLargeError, or MalformedRequestError if the body does not arrive completely
 */
export function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks = new Chunks();
    const rejectIncomplete = (): void => {
      if (!request.complete) reject(new MalformedRequestError('The body did not arrive whole.'));
    };
    // The client may have disconnected while a guard ran: none of the events below would be emitted.
    if (request.destroyed) rejectIncomplete();
    const rejectTooLarge = (): void => {
      request.removeAllListeners('data').resume();
      reject(tooLarge(limit));
    };
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      rejectTooLarge();
      return;
    }
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (chunks.size > limit) rejectTooLarge();
    });
    request.once('end', () => resolve(chunks.join()));
    request.once('error', rejectIncomplete);
    request.once('close', rejectIncomplete);
  });
}

/** Concatenates all chunks. */
export async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks = new Chunks();
  for await (const chunk of source) chunks.push(chunk);
  return chunks.join();
}

/** Wraps bytes in memory for a consumer of streams. */
export async function* streamOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

export function tooLarge(limit: number): PayloadTooLargeError {
  return new PayloadTooLargeError(`The body is larger than ${limit} bytes.`);
}

/** Number of chunks after which they are concatenated: each Buffer has an overhead of about 100 bytes. */
const MAX_CHUNKS = 1_024;

/** The chunks of a body. They need little more memory than their bytes, even if a client sends the body byte by byte. */
export class Chunks {
  size = 0;
  private readonly whole: Buffer[] = [];
  private pieces: Buffer[] = [];

  push(chunk: Buffer): void {
    this.size += chunk.length;
    this.pieces.push(chunk);
    if (this.pieces.length < MAX_CHUNKS) return;
    this.whole.push(Buffer.concat(this.pieces));
    this.pieces = [];
  }

  /** Concatenates the chunks. A single chunk is not copied. */
  join(): Buffer {
    const all = [...this.whole, ...this.pieces];
    return all.length === 1 ? all[0]! : Buffer.concat(all, this.size);
  }
}
