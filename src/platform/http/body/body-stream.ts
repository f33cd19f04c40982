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
