import { Injectable } from '@nestjs/common';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { MalformedRequestError, PayloadTooLargeError, UnsupportedMediaTypeError } from '../errors/domain-error.js';
import { HttpSettings } from '../http.settings.js';
import { type BodyKind, type BodyPurpose, type BodyRule, MEDIA_TYPES } from './body.decorators.js';
import { readBytes, takeArrived } from './read-bytes.js';
import { parseForm, parseJson, parseJsonExactly } from './parse-body.js';
import { parseFiles } from './uploaded-files.js';

/** body-parser's error: https://github.com/expressjs/body-parser#errors */
interface ParserError {
  readonly type?: string;
  readonly status?: number;
}

type Parser = (bytes: Buffer) => unknown;
type ParsedKind = Exclude<BodyKind, 'stream'>;

const PARSERS: Record<BodyPurpose, Record<'json' | 'form' | 'bytes', Parser>> = {
  ordinary: { json: parseJson, form: parseForm, bytes: asTheyAre },
  predictions: { json: parseJsonExactly, form: parseForm, bytes: asTheyAre },
  files: { json: parseJsonExactly, form: parseForm, bytes: asTheyAre },
};
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/** Reads a body once the handler is known: so that its media type, its limit and who may send it are known too. */
@Injectable()
export class BodyReader {
  private readonly readers = new Map<number, RequestHandler>();

  constructor(private readonly settings: HttpSettings) {}

  /** Sets `request.body`; leaves it undefined where there is none, or where the handler reads it. */
  async read(request: Request, response: Response, rule: BodyRule): Promise<true> {
    if (!hasBody(request)) return isEmptyFile(request, rule) ? setFiles(request, Buffer.alloc(0)) : true;
    const kind = kindOf(request, rule);
    if (kind === 'stream') return true;
    const limit = this.limitOf(kind, rule);
    if (request.headers['content-encoding'] !== undefined) {
      await this.readCompressed(request, response, limit);
      return this.parse(request, request.body as Buffer, kind, rule);
    }
    // A small body is taken from the connection right after its headers.
    await Promise.resolve();
    return this.parse(request, takeArrived(request, limit) ?? (await readBytes(request, limit)), kind, rule);
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

  private async readCompressed(request: Request, response: Response, limit: number): Promise<void> {
    const read = this.readers.get(limit) ?? bytesUpTo(limit);
    this.readers.set(limit, read);
    await new Promise<void>((resolve, reject) => {
      void read(request, response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(translate(error, limit));
      });
    });
  }
}

async function setFiles(request: Request, bytes: Buffer): Promise<true> {
  request.body = await parseFiles(bytes, request.headers['content-type'] ?? '');
  return true;
}

function translate(error: unknown, limit: number): Error {
  const { type, status } = error as ParserError;
  if (type === 'entity.too.large') return new PayloadTooLargeError(`The body is larger than ${limit} bytes.`);
  if (status === 415) return new UnsupportedMediaTypeError('Send the body uncompressed or with gzip, deflate or br.');
  if (status === undefined || status >= 500) return error as Error;
  return new MalformedRequestError('The body did not arrive whole, or is not compressed as it says.');
}

/** The limit holds for what is sent and for what it is after decompression. */
function bytesUpTo(limit: number): RequestHandler {
  return express.raw({ limit, type: () => true });
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** A file of no bytes, sent as it is, is a file all the same. */
function isEmptyFile(request: Request, { kinds }: BodyRule): boolean {
  return kinds.includes('files') && request.headers['content-length'] === '0' && isOneOf(request, 'files');
}

function asTheyAre(bytes: Buffer): Buffer {
  return bytes;
}

function kindOf(request: Request, rule: BodyRule): BodyKind {
  if (rule.kinds.includes('bytes')) return 'bytes';
  const type = request.headers['content-type'] ?? '';
  // What nearly everybody sends needs no look at what else it may mean.
  const kind = rule.kinds.find((candidate) => type === MEDIA_TYPES[candidate][0] || isOneOf(request, candidate));
  const charset = CHARSET.exec(type)?.[1] ?? 'utf-8';
  if (kind && /^utf-?8$/i.test(charset)) return kind;
  const expected = rule.kinds.flatMap((candidate) => MEDIA_TYPES[candidate]).join(' or ');
  throw new UnsupportedMediaTypeError(`Send the body as ${expected}, in UTF-8.`);
}

function isOneOf(request: Request, kind: BodyKind): boolean {
  return MEDIA_TYPES[kind].some((type) => request.is(type));
}
