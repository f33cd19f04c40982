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
    const chunks = new Chunks();
    const broken = (): void => {
      if (!request.complete) reject(new MalformedRequestError('The body did not arrive whole.'));
    };
    // While a guard was at work the client may have gone: none of the events below would come any more.
    if (request.destroyed) broken();
    const refuse = (): void => {
      request.removeAllListeners('data').resume();
      reject(tooLarge(limit));
    };
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      refuse();
      return;
    }
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (chunks.size > limit) refuse();
    });
    request.once('end', () => resolve(chunks.join()));
    request.once('error', broken);
    request.once('close', broken);
  });
}

/** All of what arrives. */
export async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks = new Chunks();
  for await (const chunk of source) chunks.push(chunk);
  return chunks.join();
}

/** Bytes that are there already, for who reads what arrives. */
export async function* arrived(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

export function tooLarge(limit: number): PayloadTooLargeError {
  return new PayloadTooLargeError(`The body is larger than ${limit} bytes.`);
}

/** So many pieces are put together before others come: each alone takes a hundred bytes more than it holds. */
const MAX_PIECES = 1_024;

/** What has arrived of a body. A client may send it byte by byte, and it takes little more room than that. */
export class Chunks {
  size = 0;
  private readonly whole: Buffer[] = [];
  private pieces: Buffer[] = [];

  push(chunk: Buffer): void {
    this.size += chunk.length;
    this.pieces.push(chunk);
    if (this.pieces.length < MAX_PIECES) return;
    this.whole.push(Buffer.concat(this.pieces));
    this.pieces = [];
  }

  /** Mostly there is one, and nothing is copied. */
  join(): Buffer {
    const all = [...this.whole, ...this.pieces];
    return all.length === 1 ? all[0]! : Buffer.concat(all, this.size);
  }
}
