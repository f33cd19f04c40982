import type { Request } from 'express';
import { PayloadTooLargeError } from '../errors/domain-error.js';
import { MULTIPART } from './body.decorators.js';
import { streamBody } from './body-stream.js';
import { duplicateField, missingFile, unknownField } from './form-errors.js';
import { type FileEvent, type FormEvent, readForm } from './multipart.js';
import { Chunks } from './body-stream.js';
import { charsetOf, mediaTypeOf } from './media-type.js';
import type { UploadedFile } from './uploaded-files.js';

/** A file of a form. It must be read before the next one is requested. */
export interface UploadPart {
  /** File name given by the client, without folders. */
  readonly name: string | undefined;
  /** In lower case and without parameters. */
  readonly mediaType: string;
  /** Of its media type, in lower case. */
  readonly charset: string | undefined;
  readonly bytes: AsyncIterable<Buffer>;
}

/** A body that is read while it arrives, once, through `bytes`, `parts` or `files`. */
export interface Upload {
  /** In lower case and without parameters. */
  readonly mediaType: string | undefined;
  /** Of its media type, in lower case. */
  readonly charset: string | undefined;
  /** File name given by the client, without folders. */
  readonly name: string | undefined;
  /** Whether it is a file: a part of a form, or a body that is not JSON. */
  readonly isFile: boolean;
  /** Whether it is a part of a form. Other parts may follow. */
  readonly isPart: boolean;
  /** The bytes of a single file. A second file is an error. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Each file of the form, or the body as the only file. */
  readonly parts: AsyncIterable<UploadPart>;
  /** Reads each file into memory, one at a time, of at most `limit` bytes. */
  files(limit: number): AsyncIterable<UploadedFile>;
}

/** Maximum size of boundaries and headers of a form, beside its file. */
const FORM_OVERHEAD = 65_536;

/**
 * Opens a body for reading, decompressed: the files of a multipart form, or a raw file. Reading ends at the end of the body. An
 * unexpected part after the file is an error, which is thrown after the file has been read. The unread rest is discarded once
 * the response has been sent.
 *
 * @param limit maximum size in bytes, before and after decompression
 * @throws MalformedRequestError, InvalidInputError, PayloadTooLargeError, UnsupportedMediaTypeError, here and while reading
 */
export async function openUpload(request: Request, limit: number): Promise<Upload> {
  const contentType = request.headers['content-type'] ?? '';
  const mediaType = mediaTypeOf(contentType);
  const charset = charsetOf(contentType);
  request.res?.once('finish', () => request.resume());
  if (mediaType === MULTIPART) {
    return openForm(readForm(streamBody(request, limit + FORM_OVERHEAD), contentType, Infinity));
  }
  const bytes = streamBody(request, limit);
  const parts = partsOf({ type: 'file', field: 'file', name: undefined, mediaType, charset }, toFormEvents(bytes));
  return {
    mediaType,
    charset,
    name: undefined,
    isFile: mediaType !== 'application/json',
    isPart: false,
    bytes,
    parts,
    files: (limitEach) => bufferEach(parts, limitEach),
  };
}

async function openForm(events: AsyncGenerator<FormEvent>): Promise<Upload> {
  const first = await events.next();
  const event = first.done ? undefined : first.value;
  if (event?.type === 'file' && event.field === 'file') {
    const parts = partsOf(event, events);
    return {
      mediaType: mediaTypeOf(event.mediaType),
      charset: event.charset,
      name: event.name || undefined,
      isFile: true,
      isPart: true,
      bytes: bytesOf(events),
      parts,
      files: (limit) => bufferEach(parts, limit),
    };
  }
  await events.return(undefined);
  throw event && 'field' in event ? unknownField(event.field) : missingFile();
}

async function* bytesOf(events: AsyncIterable<FormEvent>): AsyncGenerator<Buffer> {
  for await (const event of events) {
    if (event.type === 'bytes') yield event.bytes;
    else if (event.type !== 'end') throw event.field === 'file' ? duplicateField('file') : unknownField(event.field);
  }
}

async function* partsOf(first: FileEvent, events: AsyncGenerator<FormEvent>): AsyncGenerator<UploadPart> {
  let event: FormEvent | undefined = first;
  try {
    while (event) {
      if (event.type !== 'file' || event.field !== 'file') throw unknownField('field' in event ? event.field : '');
      const { name, mediaType, charset } = event;
      yield { name: name || undefined, mediaType: mediaTypeOf(mediaType), charset, bytes: bytesOfPart(events) };
      const next: IteratorResult<FormEvent, void> = await events.next();
      event = next.done ? undefined : next.value;
    }
  } finally {
    await events.return(undefined);
  }
}

/** Yields the bytes of the current part, and leaves the events of the next parts. */
async function* bytesOfPart(events: AsyncGenerator<FormEvent>): AsyncGenerator<Buffer> {
  for (let next = await events.next(); !next.done && next.value.type === 'bytes'; next = await events.next()) {
    yield next.value.bytes;
  }
}

/** Reads each file into memory. Skips files without name and bytes, which browsers send if no file was chosen. */
async function* bufferEach(parts: AsyncIterable<UploadPart>, limit: number): AsyncGenerator<UploadedFile> {
  for await (const { name, mediaType, bytes } of parts) {
    const chunks = new Chunks();
    for await (const piece of bytes) {
      chunks.push(piece);
      if (chunks.size > limit) throw new PayloadTooLargeError(`Each file may have ${limit} bytes.`);
    }
    if (name !== undefined || chunks.size > 0) yield { field: 'file', name, mediaType, bytes: chunks.join() };
  }
}

/** Converts a raw body to the events of a form. */
async function* toFormEvents(body: AsyncIterable<Buffer>): AsyncGenerator<FormEvent> {
  for await (const bytes of body) yield { type: 'bytes', bytes };
  yield { type: 'end' };
}
