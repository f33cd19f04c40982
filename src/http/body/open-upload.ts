import type { Request } from 'express';

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

/**
 * The first `file` of a multipart body, or the body itself, uncompressed. `bytes` ends when the whole body has been seen to be
 * sound: what comes after the file and is not to be there is an error, after the file has been read.
 *
 * @param limit in bytes, as sent and uncompressed
 * @throws MalformedRequestError, InvalidInputError, PayloadTooLargeError; and so does `bytes`
 */
export function openUpload(_request: Request, _limit: number): Promise<Upload> {
  return Promise.reject(new Error('not written yet'));
}
