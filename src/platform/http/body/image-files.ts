import { mediaTypeOf } from './media-type.js';

export type ImageType = 'png' | 'jpeg' | 'webp';

const SIGNATURES = {
  png: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  jpeg: Buffer.from([0xff, 0xd8, 0xff]),
  riff: Buffer.from('RIFF'),
  webp: Buffer.from('WEBP'),
};

/** The type of an image by its content, because its name and its media type may be wrong; undefined for anything else. */
export function imageTypeOf(file: Buffer): ImageType | undefined {
  if (hasAt(file, 0, SIGNATURES.jpeg)) return 'jpeg';
  if (hasAt(file, 0, SIGNATURES.png)) return 'png';
  return hasAt(file, 0, SIGNATURES.riff) && hasAt(file, 8, SIGNATURES.webp) ? 'webp' : undefined;
}

function hasAt(file: Buffer, position: number, signature: Buffer): boolean {
  if (file[position] !== signature[0] || file.length < position + signature.length) return false;
  return file.compare(signature, 0, signature.length, position, position + signature.length) === 0;
}

/** Media types of clients that know nothing of a file, and none. */
const TYPES_OF_ANY_FILE = ['', 'application/octet-stream', 'binary/octet-stream'];

/** Whether a body of this Content-Type may be an image. Images go by many names, such as image/jpg, image/pjpeg and image/x-png. */
export function mayBeImage(contentType: string): boolean {
  const mediaType = mediaTypeOf(contentType);
  return mediaType.startsWith('image/') || TYPES_OF_ANY_FILE.includes(mediaType);
}
