import { Injectable } from '@nestjs/common';
import express, { type Request, type RequestHandler, type Response } from 'express';
import {
  type DomainError,
  MalformedRequestError,
  PayloadTooLargeError,
  UnsupportedMediaTypeError,
} from '../errors/domain-error.js';
import { HttpSettings } from '../http.settings.js';
import { type BodyKind, type BodyPurpose, type BodyRule, MEDIA_TYPES } from './body.decorators.js';

/** body-parser's error: https://github.com/expressjs/body-parser#errors */
interface ParserError {
  readonly type?: string;
  readonly status?: number;
}

/** Reads a body once the handler is known: so that its media type, its limit and who may send it are known too. */
@Injectable()
export class BodyReader {
  private readonly parsers: Record<BodyPurpose, Record<BodyKind, RequestHandler>>;

  constructor(private readonly settings: HttpSettings) {
    this.parsers = {
      ordinary: parsersWithLimit(settings.bodyLimit.ordinary),
      predictions: parsersWithLimit(settings.bodyLimit.predictions),
      files: parsersWithLimit(settings.bodyLimit.files),
    };
  }

  /** Sets `request.body`; leaves it undefined where there is none. */
  async read(request: Request, response: Response, rule: BodyRule): Promise<void> {
    if (!hasBody(request)) return;
    const kind = kindOf(request, rule);
    const parse = this.parsers[rule.purpose][kind];
    await new Promise<void>((resolve, reject) => {
      void parse(request, response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(this.translate(error, rule));
      });
    });
  }

  private translate(error: unknown, rule: BodyRule): Error {
    const { type, status } = error as ParserError;
    const limit = this.settings.bodyLimit[rule.purpose];
    if (type === 'entity.too.large') return new PayloadTooLargeError(`The body is larger than ${limit} bytes.`);
    if (type === 'parameters.too.many') return new PayloadTooLargeError('The form has too many fields.');
    if (status === 415) return new UnsupportedMediaTypeError('Send UTF-8, uncompressed or with gzip, deflate or br.');
    if (status !== undefined && status < 500) return malformed(type);
    return error as Error;
  }
}

function malformed(type: string | undefined): DomainError {
  if (type === 'entity.parse.failed') return new MalformedRequestError('The body is not well-formed JSON.');
  return new MalformedRequestError('The body did not arrive whole.');
}

function parsersWithLimit(limit: number): Record<BodyKind, RequestHandler> {
  const always = () => true;
  return {
    json: express.json({ limit, strict: false, type: always }),
    form: express.urlencoded({ limit, extended: false, type: always, parameterLimit: 1_000 }),
  };
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function kindOf(request: Request, rule: BodyRule): BodyKind {
  const kind = rule.kinds.find((candidate) => request.is(MEDIA_TYPES[candidate]));
  if (kind) return kind;
  const expected = rule.kinds.map((candidate) => MEDIA_TYPES[candidate]).join(' or ');
  throw new UnsupportedMediaTypeError(`Send the body as ${expected}.`);
}
