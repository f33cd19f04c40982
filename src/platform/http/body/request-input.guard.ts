import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import {
  type FieldError,
  InvalidInputError,
  MalformedRequestError,
  UnsupportedMediaTypeError,
} from '../errors/domain-error.js';
import { HttpSettings } from '../http.settings.js';
import { prefersHtml } from '../request.js';
import { ANY_QUERY, type AnyQueryRule } from './any-query.decorator.js';
import { Chunks, collect, streamBody, tooLarge } from './body-stream.js';
import {
  BODY_RULE,
  type BodyKind,
  type BodyPurpose,
  type BodyRule,
  DEFAULT_BODY_RULE,
  MEDIA_TYPE_ALIASES,
  MEDIA_TYPES,
} from './body.decorators.js';
import { imageTypeOf, mayBeImage } from './image-files.js';
import { parseJson, parseJsonExactly } from './json.js';
import { charsetOf } from './media-type.js';
import { parseForm, requirePercentEncoding } from './parse-form.js';
import { parseFiles } from './uploaded-files.js';

type Parser = (bytes: Buffer) => unknown;
type ParsedKind = Exclude<BodyKind, 'stream'>;

const PARSERS: Record<BodyPurpose, Record<'json' | 'form' | 'bytes', Parser>> = {
  ordinary: { json: parseJson, form: parseForm, bytes: identity },
  predictions: { json: parseJsonExactly, form: parseForm, bytes: identity },
  files: { json: parseJsonExactly, form: parseForm, bytes: identity },
};

/** Reads a body once the handler is known, and with it the accepted media types, the size limit and the access rules. */
@Injectable()
export class BodyReader {
  constructor(private readonly settings: HttpSettings) {}

  /** Sets `request.body`, unless there is no body or the handler reads it as a stream. */
  async read(request: Request, rule: BodyRule): Promise<true> {
    if (!hasBody(request)) {
      return isEmptyFile(request, rule) ? setFiles(request, Buffer.alloc(0), request.headers['content-type']) : true;
    }
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
    // Without a Content-Type given to it, curl calls a file a form: what an image is, its content says.
    const isFile = kind === 'files' || (rule.kinds.includes('files') && imageTypeOf(bytes) !== undefined);
    if (isFile) return setFiles(request, bytes, kind === 'files' ? request.headers['content-type'] : undefined);
    request.body = PARSERS[rule.purpose][kind](bytes);
    return true;
  }

  private limitOf(kind: BodyKind, { purpose }: BodyRule): number {
    const { bodyLimit } = this.settings;
    return kind === 'files' ? Math.min(bodyLimit[purpose], bodyLimit.files) : bodyLimit[purpose];
  }
}

/** The parts of a request that a handler accepts. */
interface InputRule {
  readonly body: BodyRule | undefined;
  readonly query: AnyQueryRule | undefined;
}

/**
 * The last guard of every handler. It reads the body if the handler declares one, and rejects query parameters if the handler
 * declares none. All other guards have allowed the request by then. An interceptor would run at the same point, but with a
 * global interceptor Nest runs every handler through RxJS.
 */
@Injectable()
export class RequestInputGuard implements CanActivate {
  private readonly rules = new WeakMap<object, InputRule>();

  constructor(
    private readonly reflector: Reflector,
    private readonly bodies: BodyReader,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const { body, query } = this.ruleOf(context);
    if (request.originalUrl.includes('?')) checkQuery(request, query);
    return body ? this.bodies.read(request, body) : true;
  }

  private ruleOf(context: ExecutionContext): InputRule {
    const handler = context.getHandler();
    const known = this.rules.get(handler);
    if (known) return known;
    const types = parameterTypesOf(context);
    const rule = this.reflector.get<BodyRule | undefined>(BODY_RULE, handler) ?? DEFAULT_BODY_RULE;
    const anyQuery = this.reflector.get<AnyQueryRule | undefined>(ANY_QUERY, handler);
    const acceptsBody = types.has(RouteParamtypes.BODY) || rule.kinds.includes('stream');
    const inputRule = {
      body: acceptsBody ? rule : undefined,
      // A declared query is validated with its DTO.
      query: types.has(RouteParamtypes.QUERY) ? 'all' : anyQuery,
    };
    this.rules.set(handler, inputRule);
    return inputRule;
  }
}

/** The types (`RouteParamtypes`) of the parameters that a handler declares. */
function parameterTypesOf(context: ExecutionContext): Set<number> {
  const { name } = context.getHandler();
  const metadata = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), name) ?? {}) as object;
  return new Set(Object.keys(metadata).map((key) => Number(key.split(':')[0])));
}

function checkQuery(request: Request, anyQuery: AnyQueryRule | undefined): void {
  requirePercentEncoding(request.originalUrl.slice(request.originalUrl.indexOf('?')), 'query');
  if (anyQuery === 'all' || (anyQuery === 'pages' && prefersHtml(request))) return;
  const errors = Object.keys(request.query).map((name): FieldError => {
    return { location: ['query', name], type: 'unknown', message: `${name} is not a known query parameter` };
  });
  if (errors.length > 0) throw new InvalidInputError(errors);
}

async function setFiles(request: Request, bytes: Buffer, contentType = ''): Promise<true> {
  request.body = await parseFiles(bytes, contentType);
  return true;
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** An empty raw body may be an empty file. */
function isEmptyFile(request: Request, { kinds }: BodyRule): boolean {
  const type = request.headers['content-type'];
  if (!kinds.includes('files') || type === undefined || request.headers['content-length'] !== '0') return false;
  return mayBeImage(type) || isOneOf(request, 'files');
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}

function kindOf(request: Request, rule: BodyRule): BodyKind {
  if (rule.kinds.includes('bytes')) return 'bytes';
  const type = request.headers['content-type'] ?? '';
  // Fast path for the exact media type.
  const kind = rule.kinds.find((candidate) => type === MEDIA_TYPES[candidate][0] || isOneOf(request, candidate));
  // Files are decoded by whoever reads them.
  if (kind === 'files' || kind === 'stream') return kind;
  if (kind && /^utf-?8$/.test(charsetOf(type) ?? 'utf-8')) return kind;
  if (rule.kinds.includes('files') && mayBeImage(type)) return 'files';
  const expected = rule.kinds.flatMap((candidate) => MEDIA_TYPES[candidate]).join(' or ');
  const images = rule.kinds.includes('files')
    ? ' An image may also come as any image type, or application/octet-stream.'
    : '';
  throw new UnsupportedMediaTypeError(`Send the body as ${expected}, in UTF-8.${images}`);
}

function isOneOf(request: Request, kind: BodyKind): boolean {
  return [...MEDIA_TYPES[kind], ...(MEDIA_TYPE_ALIASES[kind] ?? [])].some((type) => request.is(type));
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
