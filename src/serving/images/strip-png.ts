const SIGNATURE_LENGTH = 8;
/** Bytes of the length, the type and the checksum of a chunk. */
const CHUNK_OVERHEAD = 12;
const [IDAT, IEND] = [codeOf('IDAT'), codeOf('IEND')];
/** The chunks that affect the samples: pixels, palette, transparency and orientation. */
const KEPT_TYPES = new Set(['IHDR', 'PLTE', 'tRNS', 'eXIf', 'IDAT', 'IEND'].map(codeOf));
/** Bytes of a chunk without pixels; EXIF has a few kilobytes. */
const MAX_CHUNK_BYTES = 2 ** 20;
/** Encoders write chunks of several thousand bytes: an image of 32 MB has a few thousand chunks. */
const MAX_CHUNKS = 16_384;

/**
 * Removes the chunks that do not affect the samples of a PNG, because a compressed text chunk can inflate to gigabytes.
 *
 * @returns undefined for a truncated file, or one with too many chunks
 */
export function stripPng(bytes: Buffer): Buffer | undefined {
  const kept = [bytes.subarray(0, SIGNATURE_LENGTH)];
  let at = SIGNATURE_LENGTH;
  for (let count = 0; count < MAX_CHUNKS && at + CHUNK_OVERHEAD <= bytes.length; count += 1) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.readUInt32BE(at + 4);
    const end = at + CHUNK_OVERHEAD + length;
    if (end > bytes.length) return undefined;
    if (type === IDAT || (KEPT_TYPES.has(type) && length <= MAX_CHUNK_BYTES)) kept.push(bytes.subarray(at, end));
    if (type === IEND) return Buffer.concat(kept);
    at = end;
  }
  return undefined;
}

/** A chunk type as a number, for fast comparison. */
function codeOf(type: string): number {
  return Buffer.from(type, 'latin1').readUInt32BE();
}
