import {
  collect,
  IMAGE_TYPES,
  mediaTypeOf,
  openUpload,
  parseForm,
  streamOf,
  UnsupportedMediaTypeError,
  type Upload,
} from '../platform/http/index.js';
import { detectFormat, type RecordFormat } from '../platform/records/index.js';
import { joined } from './joined-files.js';
import { packPictures } from './picture-pack.js';
import type { JobInput } from './prediction-payload.js';

const FORM = 'application/x-www-form-urlencoded';
const TAKEN =
  'Send CSV (text/csv), JSON lines (application/x-ndjson) or JSON (application/json) as the body, or as "file" of multipart/form-data, which may repeat; or one row as a form. A model of pictures takes PNG, JPEG and WebP in the same way, as many as there are.';

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
  const isForm = mediaTypeOf(request.headers['content-type'] ?? '') === FORM;
  const upload = await openUpload(request, isForm ? limits.ordinary : limits.files);
  if (isForm) return formOf(upload);
  const { mediaType, name, isFile, isPart } = upload;
  const format = detectFormat(mediaType, name);
  if (takesPictures && holdsPictures(upload, format)) {
    return {
      input: { format: 'pictures', isText: false, from: 'file' },
      bytes: packPictures(upload.files(limits.predictions)),
    };
  }
  if (!format) throw new UnsupportedMediaTypeError(TAKEN);
  const input = { format, isText: format === 'csv', from: isFile ? 'file' : 'body' } as const;
  return { input, bytes: isPart ? joined(upload.parts, format) : upload.bytes };
}

/** Every file of a form, unless it is JSON; a body only where it is called one. */
function holdsPictures({ isPart, mediaType }: Upload, format: RecordFormat | undefined): boolean {
  if (!isPart) return IMAGE_TYPES.some((type) => type === mediaType);
  return format !== 'json' && format !== 'jsonl';
}

/** A form is one row of texts: it is kept as JSON. */
async function formOf(upload: Upload): Promise<JobUpload> {
  const json = JSON.stringify(parseForm(await collect(upload.bytes)));
  return { input: { format: 'json', isText: true, from: 'body' }, bytes: streamOf(Buffer.from(json)) };
}
