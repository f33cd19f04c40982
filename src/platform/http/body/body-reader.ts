import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { MalformedRequestError, UnsupportedMediaTypeError } from '../errors/domain-error.js';
import { HttpSettings } from '../http.settings.js';
import { Chunks, collect, streamBody, tooLarge } from './body-stream.js';
import { type BodyKind, type BodyPurpose, type BodyRule, MEDIA_TYPES } from './body.decorators.js';
import { parseJson, parseJsonExactly } from './json.js';
import { parseForm } from './parse-form.js';
import { parseFiles } from './uploaded-files.js';

type Parser = (bytes: Buffer) => unknown;
type ParsedKind = Exclude<BodyKind, 'stream'>;

const PARSERS: Record<BodyPurpose, Record<'json' | 'form' | 'bytes', Parser>> = {
  ordinary: { json: parseJson, form: parseForm, bytes: identity },
  predictions: { json: parseJsonExactly, form: parseForm, bytes: identity },
  files: { json: parseJsonExactly, form: parseForm, bytes: identity },
};
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/** Reads a body once the handler is known, and with it the accepted media types, the size limit and the access rules. */
@Injectable()
export class BodyReader {
  constructor(private readonly settings: HttpSettings) {}

  /** Sets `request.body`, unless there is no body or the handler reads it as a stream. */
  async read(request: Request, rule: BodyRule): Promise<true> {
    if (!hasBody(request)) return isEmptyFile(request, rule) ? setFiles(request, Buffer.alloc(0)) : true;
    const kind = kindOf(request, rule);
    if (kind === 'stream') return true;
    const limit = this.limitOf(kind, rule);
    if (request.headers['content-encoding'] !== undefined) {
      return this.parse(request, await collect(streamBody(request, limit)), kind, rule);
    }
    // A small body is in the buffer of the request in the next microtask.
    await Promise.resolve();
    return this.parse(request, readBuffered(request, limit) ?? (await readBytes(request, limit)), kind, rule);
  }

  private parse(request: Request, bytes: Buffer, kind: ParsedKind, rule: BodyRule): true | Promise<true> {
    if (kind === 'files') return setFiles(request, bytes);
    request.body = PARSERS[rule.purpose][kind](bytes);
    return true;
  }

  private limitOf(kind: BodyKind, { purpose }: BodyRule): number {
    const { bodyLimit } = this.settings;
    return kind === 'files' ? Math.min(bodyLimit[purpose], bodyLimit.files) : bodyLimit[purpose];
  }
}

async function setFiles(request: Request, bytes: Buffer): Promise<true> {
  request.body = await parseFiles(bytes, request.headers['content-type'] ?? '');
  return true;
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** An empty raw body may be an empty file. */
function isEmptyFile(request: Request, { kinds }: BodyRule): boolean {
  return kinds.includes('files') && request.headers['content-length'] === '0' && isOneOf(request, 'files');
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}

function kindOf(request: Request, rule: BodyRule): BodyKind {
  if (rule.kinds.includes('bytes')) return 'bytes';
  const type = request.headers['content-type'] ?? '';
  // Fast path for the exact media type.
  const kind = rule.kinds.find((candidate) => type === MEDIA_TYPES[candidate][0] || isOneOf(request, candidate));
  const charset = CHARSET.exec(type)?.[1] ?? 'utf-8';
  if (kind && /^utf-?8$/i.test(charset)) return kind;
  const expected = rule.kinds.flatMap((candidate) => MEDIA_TYPES[candidate]).join(' or ');
  throw new UnsupportedMediaTypeError(`Send the body as ${expected}, in UTF-8.`);
}

function isOneOf(request: Request, kind: BodyKind): boolean {
  return MEDIA_TYPES[kind].some((type) => request.is(type));
}

/**
 * Reads an uncompressed body from the buffer of the request. Returns undefined if the body has not arrived completely or is
 * larger than `limit`. A small body usually arrives in the same packet as its headers.
 */
function readBuffered(request: IncomingMessage, limit: number): Buffer | undefined {
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
