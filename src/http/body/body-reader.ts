import { Injectable } from '@nestjs/common';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { MalformedRequestError, PayloadTooLargeError, UnsupportedMediaTypeError } from '../errors/domain-error.js';
import { HttpSettings } from '../http.settings.js';
import { type BodyKind, type BodyPurpose, type BodyRule, MEDIA_TYPES } from './body.decorators.js';
import { readBytes, takeArrived } from './read-bytes.js';
import { parseForm, parseJson, parseJsonExactly } from './parse-body.js';

/** body-parser's error: https://github.com/expressjs/body-parser#errors */
interface ParserError {
  readonly type?: string;
  readonly status?: number;
}

type Parser = (bytes: Buffer) => unknown;

const REST = { form: parseForm, bytes: asTheyAre, files: asTheyAre, stream: asTheyAre };
const PARSERS: Record<BodyPurpose, Record<BodyKind, Parser>> = {
  ordinary: { json: parseJson, ...REST },
  predictions: { json: parseJsonExactly, ...REST },
  files: { json: parseJsonExactly, ...REST },
};
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/** Reads a body once the handler is known: so that its media type, its limit and who may send it are known too. */
@Injectable()
export class BodyReader {
  private readonly readers: Record<BodyPurpose, RequestHandler>;

  constructor(private readonly settings: HttpSettings) {
    const { ordinary, predictions, files } = settings.bodyLimit;
    this.readers = { ordinary: bytesUpTo(ordinary), predictions: bytesUpTo(predictions), files: bytesUpTo(files) };
  }

  /** Sets `request.body`; leaves it undefined where there is none. */
  async read(request: Request, response: Response, rule: BodyRule): Promise<true> {
    if (!hasBody(request)) return true;
    const parse = PARSERS[rule.purpose][kindOf(request, rule)];
    if (request.headers['content-encoding'] !== undefined) {
      await this.readCompressed(request, response, rule);
      request.body = parse(request.body as Buffer);
      return true;
    }
    const limit = this.settings.bodyLimit[rule.purpose];
    // A small body is taken from the connection right after its headers.
    await Promise.resolve();
    request.body = parse(takeArrived(request, limit) ?? (await readBytes(request, limit)));
    return true;
  }

  private async readCompressed(request: Request, response: Response, rule: BodyRule): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      void this.readers[rule.purpose](request, response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(this.translate(error, rule));
      });
    });
  }

  private translate(error: unknown, rule: BodyRule): Error {
    const { type, status } = error as ParserError;
    const limit = this.settings.bodyLimit[rule.purpose];
    if (type === 'entity.too.large') return new PayloadTooLargeError(`The body is larger than ${limit} bytes.`);
    if (status === 415) return new UnsupportedMediaTypeError('Send the body uncompressed or with gzip, deflate or br.');
    if (status === undefined || status >= 500) return error as Error;
    return new MalformedRequestError('The body did not arrive whole, or is not compressed as it says.');
  }
}

/** The limit holds for what is sent and for what it is after decompression. */
function bytesUpTo(limit: number): RequestHandler {
  return express.raw({ limit, type: () => true });
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
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
