import type { ImageType } from '../../platform/http/index.js';

/** What the first bytes of an image say. */
export interface ImageHeader {
  readonly type: ImageType;
  readonly width: number;
  readonly height: number;
  /** Whether a JPEG has the inks of a printer instead of colours. */
  readonly isCmyk: boolean;
}

type Size = Pick<ImageHeader, 'width' | 'height'> & { readonly isCmyk?: boolean };

const READERS: Readonly<Record<ImageType, (bytes: Buffer) => Size | undefined>> = {
  png: readPng,
  jpeg: readJpeg,
  webp: readWebp,
};

/**
 * Reads the header of an image, which is faster than to let the decoder read it, and needs no thread.
 *
 * @returns undefined where it is cut off or damaged
 */
export function readImageHeader(bytes: Buffer, type: ImageType): ImageHeader | undefined {
  const size = READERS[type](bytes);
  return size && size.width > 0 && size.height > 0 ? { isCmyk: false, ...size, type } : undefined;
}

/** After the signature comes the length and the name of the first chunk, which begins with the size. */
function readPng(bytes: Buffer): Size | undefined {
  if (bytes.length < 24) return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** Segments of a marker, a length that counts itself, and content; the frame header among them has the size. */
function readJpeg(bytes: Buffer): Size | undefined {
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    if (isFrameHeader(marker)) {
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5), isCmyk: bytes[at + 9] === 4 };
    }
    // A marker may be preceded by any number of fill bytes.
    at += marker === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}

/** Markers from C0 to CF, but for three of another meaning. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** One of three formats: with extensions, lossless, or lossy. */
function readWebp(bytes: Buffer): Size | undefined {
  if (bytes.length < 30) return undefined;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { width: 1 + bytes.readUIntLE(24, 3), height: 1 + bytes.readUIntLE(27, 3) };
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
    }
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    default:
      return undefined;
  }
}
