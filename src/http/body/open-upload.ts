import type { Request } from 'express';
import { arriving } from './arriving.js';
import { MULTIPART } from './body.decorators.js';
import { givenTwice, missingFile, unknownField } from './form-errors.js';
import { type FormEvent, readForm } from './multipart.js';
import { mediaTypeOf } from './uploaded-files.js';

/** A body that is read while it arrives. */
export interface Upload {
  /** In lower case and without parameters. */
  readonly mediaType: string | undefined;
  /** What the client calls the file, without folders. */
  readonly name: string | undefined;
  /** Whether it is a file: a part of a form, or a body of a file's media type; JSON alone is a body. */
  readonly isFile: boolean;
  /** To be read once. */
  readonly bytes: AsyncIterable<Buffer>;
}

/** What a form may have beside its file: boundaries and headers. */
const FORM_OVERHEAD = 65_536;

/**
 * The first `file` of a multipart body, or the body itself, uncompressed. `bytes` ends when the whole body has been seen to be
 * sound: what comes after the file and is not to be there is an error, after the file has been read. What is not read is
 * thrown away once the request has been answered.
 *
 * @param limit in bytes, as sent and uncompressed
 * @throws MalformedRequestError, InvalidInputError, PayloadTooLargeError, UnsupportedMediaTypeError; and so does `bytes`
 */
export async function openUpload(request: Request, limit: number): Promise<Upload> {
  const contentType = request.headers['content-type'] ?? '';
  const mediaType = mediaTypeOf(contentType);
  request.res?.once('finish', () => request.resume());
  if (mediaType === MULTIPART) return openForm(readForm(arriving(request, limit + FORM_OVERHEAD), contentType));
  return { mediaType, name: undefined, isFile: mediaType !== 'application/json', bytes: arriving(request, limit) };
}

async function openForm(events: AsyncGenerator<FormEvent>): Promise<Upload> {
  const first = await events.next();
  const event = first.done ? undefined : first.value;
  if (event?.type === 'file' && event.field === 'file') {
    return {
      mediaType: mediaTypeOf(event.mediaType),
      name: event.name || undefined,
      isFile: true,
      bytes: bytesOf(events),
    };
  }
  await events.return(undefined);
  throw event && 'field' in event ? unknownField(event.field) : missingFile();
}

async function* bytesOf(events: AsyncGenerator<FormEvent>): AsyncGenerator<Buffer> {
  for await (const event of events) {
    if (event.type === 'bytes') yield event.bytes;
    else if (event.type !== 'end') throw event.field === 'file' ? givenTwice('file') : unknownField(event.field);
  }
}
