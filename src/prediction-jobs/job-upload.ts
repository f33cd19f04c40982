import {
  collect,
  imageTypeOf,
  mayBeImage,
  mediaTypeOf,
  openUpload,
  parseForm,
  streamOf,
  UnsupportedMediaTypeError,
  type Upload,
} from '../platform/http/index.js';
import { declaredDelimiter, detectFormat, type RecordFormat, toUtf8 } from '../platform/records/index.js';
import { concatFiles } from './concat-files.js';
import { archivePictures } from './picture-archive.js';
import type { JobInput } from './prediction-payload.js';

const FORM = 'application/x-www-form-urlencoded';
const SUPPORTED =
  'Send CSV (text/csv), JSON lines (application/x-ndjson) or JSON (application/json) as the body, or as "file" of multipart/form-data, which may repeat; or one row as a form. A model of pictures takes PNG, JPEG and WebP in the same way, as many as there are, with any image type or application/octet-stream.';

type UploadRequest = Parameters<typeof openUpload>[0];

/** A job's input while it is uploaded. */
export interface JobUpload {
  readonly input: Omit<JobInput, 'rows'>;
  readonly bytes: AsyncIterable<Buffer>;
}

/** Size limits, in bytes. */
export interface UploadLimits {
  readonly files: number;
  /** Of each picture, which is buffered. */
  readonly predictions: number;
  /** Of a form, which is buffered. */
  readonly ordinary: number;
}

/** Opens the input in a request body, in any of the supported media types. @throws UnsupportedMediaTypeError; any error of `openUpload` */
export async function openJobUpload(
  request: UploadRequest,
  limits: UploadLimits,
  acceptsPictures: boolean,
): Promise<JobUpload> {
  const isForm = mediaTypeOf(request.headers['content-type'] ?? '') === FORM;
  const upload = await openUpload(request, isForm ? limits.ordinary : limits.files);
  if (isForm) return readForm(upload);
  const { mediaType, charset, name, isFile, isPart } = upload;
  const format = detectFormat(mediaType, name);
  if (acceptsPictures && containsPictures(upload, format)) {
    return {
      input: { format: 'pictures', isText: false, from: 'file' },
      bytes: archivePictures(upload.files(limits.predictions)),
    };
  }
  if (!format) throw new UnsupportedMediaTypeError(SUPPORTED);
  const input = { format, isText: format === 'csv', from: isFile ? 'file' : 'body' } as const;
  return {
    input: { ...input, delimiter: declaredDelimiter(mediaType, name) },
    bytes: isPart ? concatFiles(upload.parts, format) : toUtf8(upload.bytes, charset),
  };
}

/** A file of a form counts as a picture unless it is JSON; a body where its media type is that of no other kind of file. */
function containsPictures({ isPart, mediaType }: Upload, format: RecordFormat | undefined): boolean {
  if (!isPart) return mayBeImage(mediaType ?? '');
  return format !== 'json' && format !== 'jsonl';
}

/** Stores a form, which is one row of text values, as JSON. */
async function readForm(upload: Upload): Promise<JobUpload> {
  const bytes = await collect(upload.bytes);
  if (imageTypeOf(bytes)) throw new UnsupportedMediaTypeError(`The body is a picture, and not a form. ${SUPPORTED}`);
  const json = JSON.stringify(parseForm(bytes));
  return { input: { format: 'json', isText: true, from: 'body' }, bytes: streamOf(Buffer.from(json)) };
}
