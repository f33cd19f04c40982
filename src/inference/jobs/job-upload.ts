import {
  IMAGE_TYPES,
  openUpload,
  parseForm,
  PayloadTooLargeError,
  UnsupportedMediaTypeError,
  type Upload,
} from '../../http/index.js';
import { formatOf, type RecordFormat } from '../../records/index.js';
import { packPictures } from './picture-pack.js';
import type { JobInput } from './prediction-payload.js';

const FORM = 'application/x-www-form-urlencoded';
const TAKEN =
  'Send CSV (text/csv), JSON lines (application/x-ndjson) or JSON (application/json) as the body, or as "file" of multipart/form-data; or one row as a form. A model of pictures takes PNG, JPEG and WebP in the same way, as many as there are.';

type UploadRequest = Parameters<typeof openUpload>[0];

/** An input as it arrives. */
export interface JobUpload {
  readonly input: Omit<JobInput, 'instances'>;
  readonly bytes: AsyncIterable<Buffer>;
}

/** How much there may be of an input, in bytes. */
export interface UploadLimits {
  readonly files: number;
  /** Of a picture, which is kept in memory until it is whole. */
  readonly predictions: number;
  /** Of a form, which is read as a whole. */
  readonly ordinary: number;
}

/** The input in a request's body, whatever it comes as. @throws UnsupportedMediaTypeError, and what `openUpload` does */
export async function openJobUpload(
  request: UploadRequest,
  limits: UploadLimits,
  takesPictures: boolean,
): Promise<JobUpload> {
  const upload = await openUpload(request, limits.files);
  const { mediaType, name, isFile, bytes } = upload;
  if (mediaType === FORM) return formOf(upload, limits.ordinary);
  const format = formatOf(mediaType, name);
  if (takesPictures && holdsPictures(upload, format)) {
    return {
      input: { format: 'pictures', isText: false, from: 'file' },
      bytes: packPictures(upload.files(limits.predictions)),
    };
  }
  if (!format) throw new UnsupportedMediaTypeError(TAKEN);
  return { input: { format, isText: format === 'csv', from: isFile ? 'file' : 'body' }, bytes };
}

/** Every file of a form, unless it is JSON; a body only where it is called one. */
function holdsPictures({ isPart, mediaType }: Upload, format: RecordFormat | undefined): boolean {
  if (!isPart) return IMAGE_TYPES.some((type) => type === mediaType);
  return format !== 'json' && format !== 'jsonl';
}

/** A form is one row of texts: it is kept as JSON. */
async function formOf({ bytes }: Upload, limit: number): Promise<JobUpload> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > limit) throw new PayloadTooLargeError(`A form may have ${limit} bytes.`);
    pieces.push(piece);
  }
  const json = Buffer.from(JSON.stringify(parseForm(Buffer.concat(pieces))));
  return { input: { format: 'json', isText: true, from: 'body' }, bytes: oneOf(json) };
}

async function* oneOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}
