import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { UnsupportedMediaTypeError } from '../errors/domain-error.js';
import { HttpSettings } from '../http.settings.js';
import { arriving } from './arriving.js';
import { type BodyKind, type BodyPurpose, type BodyRule, MEDIA_TYPES } from './body.decorators.js';
import { collect, readBytes, takeArrived } from './read-bytes.js';
import { parseForm, parseJson, parseJsonExactly } from './parse-body.js';
import { parseFiles } from './uploaded-files.js';

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
  constructor(private readonly settings: HttpSettings) {}

  /** Sets `request.body`; leaves it undefined where there is none, or where the handler reads it. */
  async read(request: Request, rule: BodyRule): Promise<true> {
    if (!hasBody(request)) return isEmptyFile(request, rule) ? setFiles(request, Buffer.alloc(0)) : true;
    const kind = kindOf(request, rule);
    if (kind === 'stream') return true;
    const limit = this.limitOf(kind, rule);
    if (request.headers['content-encoding'] !== undefined) {
      return this.parse(request, await collect(arriving(request, limit)), kind, rule);
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
}

async function setFiles(request: Request, bytes: Buffer): Promise<true> {
  request.body = await parseFiles(bytes, request.headers['content-type'] ?? '');
  return true;
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
