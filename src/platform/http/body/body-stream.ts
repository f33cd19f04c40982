import { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Request } from 'express';
import {
  DomainError,
  MalformedRequestError,
  PayloadTooLargeError,
  UnsupportedMediaTypeError,
} from '../errors/domain-error.js';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  // The same by an older name (RFC 9110, section 8.4.1.3).
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
/** Number of chunks after which they are concatenated: each Buffer has an overhead of about 100 bytes. */
const MAX_CHUNKS = 1_024;

/**
 * Streams the decompressed body of a request, up to `limit` bytes before and after decompression. The rest of a body that is not
 * read to its end is discarded, so that the client can read the response.
 */
export function streamBody(request: Request, limit: number): AsyncIterable<Buffer> {
  const coding = (request.headers['content-encoding'] || 'identity').toLowerCase();
  if (coding === 'identity') return streamRaw(request, limit);
  const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
  if (!decoder) throw new UnsupportedMediaTypeError('Send the body uncompressed or with gzip, deflate or br.');
  return decompress(streamRaw(request, limit), decoder(), limit);
}

async function* streamRaw(request: Request, limit: number): AsyncGenerator<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  let size = 0;
  // The response may end before the handler does, after a timeout or when the client stops sending.
  const abort = (): unknown => request.destroy();
  request.res?.once('close', abort);
  try {
    // The default iterator destroys the connection when the loop is left early.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof DomainError ? error : new MalformedRequestError('The body did not arrive whole.');
  } finally {
    request.res?.off('close', abort);
    request.resume();
  }
  if (!request.complete) throw new MalformedRequestError('The body did not arrive whole.');
}

async function* decompress(source: AsyncIterable<Buffer>, decoder: Transform, limit: number): AsyncGenerator<Buffer> {
  const readable = Readable.from(source);
  // An error of one stream must end the other.
  readable.once('error', (error) => decoder.destroy(error));
  readable.pipe(decoder);
  let size = 0;
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new MalformedRequestError('The body did not arrive whole, or is not compressed as it says.');
  } finally {
    readable.destroy();
  }
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
