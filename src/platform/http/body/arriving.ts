import { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Request } from 'express';
import { DomainError, MalformedRequestError, UnsupportedMediaTypeError } from '../errors/domain-error.js';
import { tooLarge } from './read-bytes.js';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * The body of a request while it arrives, uncompressed, up to `limit` bytes as sent and as uncompressed. What is not read of
 * it is thrown away, so that the client can be answered.
 */
export function arriving(request: Request, limit: number): AsyncIterable<Buffer> {
  const coding = (request.headers['content-encoding'] || 'identity').toLowerCase();
  if (coding === 'identity') return received(request, limit);
  const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
  if (!decoder) throw new UnsupportedMediaTypeError('Send the body uncompressed or with gzip, deflate or br.');
  return uncompressed(received(request, limit), decoder(), limit);
}

async function* received(request: Request, limit: number): AsyncGenerator<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  let size = 0;
  // It may have been answered for its handler: because it took too long, or its client stopped in the middle of it.
  const giveUp = (): unknown => request.destroy();
  request.res?.once('close', giveUp);
  try {
    // As an iterator of its own a request takes its connection with it when it is left.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof DomainError ? error : new MalformedRequestError('The body did not arrive whole.');
  } finally {
    request.res?.off('close', giveUp);
    request.resume();
  }
  if (!request.complete) throw new MalformedRequestError('The body did not arrive whole.');
}

async function* uncompressed(source: AsyncIterable<Buffer>, decoder: Transform, limit: number): AsyncGenerator<Buffer> {
  const readable = Readable.from(source);
  // An error of either ends both.
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
