import type { Request } from 'express';
import { PayloadTooLargeError } from '../errors/domain-error.js';
import { arriving } from './arriving.js';
import { MULTIPART } from './body.decorators.js';
import { givenTwice, missingFile, unknownField } from './form-errors.js';
import { type FormEvent, readForm } from './multipart.js';
import { Chunks } from './read-bytes.js';
import { mediaTypeOf, type UploadedFile } from './uploaded-files.js';

/** A file of a form, to be read before the next one is asked for. */
export interface UploadPart {
  /** What the client calls it, without folders. */
  readonly name: string | undefined;
  /** In lower case and without parameters. */
  readonly mediaType: string;
  readonly bytes: AsyncIterable<Buffer>;
}

/** A body that is read while it arrives: by `bytes`, by `parts` or by `files`, once. */
export interface Upload {
  /** In lower case and without parameters. */
  readonly mediaType: string | undefined;
  /** What the client calls the file, without folders. */
  readonly name: string | undefined;
  /** Whether it is a file: a part of a form, or a body of a file's media type; JSON alone is a body. */
  readonly isFile: boolean;
  /** Whether it is a part of a form, where others may follow. */
  readonly isPart: boolean;
  /** Of the one file that there may be. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Each file of the form, or the body as the only one. */
  readonly parts: AsyncIterable<UploadPart>;
  /** The same; one at a time is in memory, of at most `limit` bytes. */
  files(limit: number): AsyncIterable<UploadedFile>;
}

type FileEvent = Extract<FormEvent, { type: 'file' }>;

/** What a form may have beside its file: boundaries and headers. */
const FORM_OVERHEAD = 65_536;

/**
 * The first `file` of a multipart body and those after it, or the body itself, uncompressed. Reading ends when the whole body has
 * been seen to be sound: what comes after the file and is not to be there is an error, after the file has been read. What is
 * not read is thrown away once the request has been answered.
 *
 * @param limit in bytes, as sent and uncompressed
 * @throws MalformedRequestError, InvalidInputError, PayloadTooLargeError, UnsupportedMediaTypeError; and so does reading it
 */
export async function openUpload(request: Request, limit: number): Promise<Upload> {
  const contentType = request.headers['content-type'] ?? '';
  const mediaType = mediaTypeOf(contentType);
  request.res?.once('finish', () => request.resume());
  if (mediaType === MULTIPART) {
    return openForm(readForm(arriving(request, limit + FORM_OVERHEAD), contentType, Infinity));
  }
  const bytes = arriving(request, limit);
  const parts = partsOf({ type: 'file', field: 'file', name: undefined, mediaType }, asPart(bytes));
  return {
    mediaType,
    name: undefined,
    isFile: mediaType !== 'application/json',
    isPart: false,
    bytes,
    parts,
    files: (limitEach) => wholeOf(parts, limitEach),
  };
}

async function openForm(events: AsyncGenerator<FormEvent>): Promise<Upload> {
  const first = await events.next();
  const event = first.done ? undefined : first.value;
  if (event?.type === 'file' && event.field === 'file') {
    const parts = partsOf(event, events);
    return {
      mediaType: mediaTypeOf(event.mediaType),
      name: event.name || undefined,
      isFile: true,
      isPart: true,
      bytes: bytesOf(events),
      parts,
      files: (limit) => wholeOf(parts, limit),
    };
  }
  await events.return(undefined);
  throw event && 'field' in event ? unknownField(event.field) : missingFile();
}

async function* bytesOf(events: AsyncIterable<FormEvent>): AsyncGenerator<Buffer> {
  for await (const event of events) {
    if (event.type === 'bytes') yield event.bytes;
    else if (event.type !== 'end') throw event.field === 'file' ? givenTwice('file') : unknownField(event.field);
  }
}

async function* partsOf(first: FileEvent, events: AsyncGenerator<FormEvent>): AsyncGenerator<UploadPart> {
  let event: FormEvent | undefined = first;
  try {
    while (event) {
      if (event.type !== 'file' || event.field !== 'file') throw unknownField('field' in event ? event.field : '');
      yield { name: event.name || undefined, mediaType: mediaTypeOf(event.mediaType), bytes: bytesOfPart(events) };
      const next: IteratorResult<FormEvent, void> = await events.next();
      event = next.done ? undefined : next.value;
    }
  } finally {
    await events.return(undefined);
  }
}

/** Up to its end; the events of the others stay. */
async function* bytesOfPart(events: AsyncGenerator<FormEvent>): AsyncGenerator<Buffer> {
  for (let next = await events.next(); !next.done && next.value.type === 'bytes'; next = await events.next()) {
    yield next.value.bytes;
  }
}

/** Each whole; a browser sends a file without name and bytes where none was chosen. */
async function* wholeOf(parts: AsyncIterable<UploadPart>, limit: number): AsyncGenerator<UploadedFile> {
  for await (const { name, mediaType, bytes } of parts) {
    const chunks = new Chunks();
    for await (const piece of bytes) {
      chunks.push(piece);
      if (chunks.size > limit) throw new PayloadTooLargeError(`Each file may have ${limit} bytes.`);
    }
    if (name !== undefined || chunks.size > 0) yield { field: 'file', name, mediaType, bytes: chunks.join() };
  }
}

/** A body as a form would have it. */
async function* asPart(body: AsyncIterable<Buffer>): AsyncGenerator<FormEvent> {
  for await (const bytes of body) yield { type: 'bytes', bytes };
  yield { type: 'end' };
}
