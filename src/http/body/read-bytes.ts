import type { IncomingMessage } from 'node:http';
import { MalformedRequestError, PayloadTooLargeError } from '../errors/domain-error.js';

/**
 * The whole body of a request that is not compressed, where it has arrived by now; undefined where it is to be waited for,
 * or is larger than it may be. A small body comes with its headers, mostly, but is read from them a moment later.
 */
export function takeArrived(request: IncomingMessage, limit: number): Buffer | undefined {
  const { readableLength } = request;
  const isWhole = request.complete || readableLength === Number(request.headers['content-length']);
  if (!isWhole || request.destroyed || readableLength > limit) return undefined;
  return (request.read() as Buffer | null) ?? Buffer.alloc(0);
}

/**
 * The whole body of a request that is not compressed, up to `limit` bytes; what is beyond that is read and thrown away.
 *
 * @throws PayloadTooLargeError, or MalformedRequestError where the body does not arrive whole
 */
export function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const broken = (): void => {
      if (!request.complete) reject(new MalformedRequestError('The body did not arrive whole.'));
    };
    // While a guard was at work the client may have gone: none of the events below would come any more.
    if (request.destroyed) broken();
    const tooLarge = (): void => {
      request.removeAllListeners('data').resume();
      reject(new PayloadTooLargeError(`The body is larger than ${limit} bytes.`));
    };
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      tooLarge();
      return;
    }
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) tooLarge();
      else chunks.push(chunk);
    });
    // Mostly there is one chunk, and nothing is copied.
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    request.once('error', broken);
    request.once('close', broken);
  });
}
