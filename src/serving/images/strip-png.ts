const SIGNATURE_LENGTH = 8;
/** Length, name and checksum of a chunk. */
const FRAME = 12;
const [IDAT, IEND] = [codeOf('IDAT'), codeOf('IEND')];
/** What decides how a picture looks: its pixels, their colours, and which way is up. */
const LOOKS = new Set(['IHDR', 'PLTE', 'tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'eXIf', 'IDAT', 'IEND'].map(codeOf));
/** Of what is not pixels; a colour profile has a few kilobytes. */
const MAX_LENGTH = 2 ** 20;
/** Encoders write some thousand bytes into each: a picture of 32 MB has a few thousand. */
const MAX_CHUNKS = 16_384;

/**
 * A PNG without what nobody looks at: texts among its chunks are compressed, and inflate to gigabytes where somebody wants
 * them to. Undefined where it does not end as a PNG does, or has more chunks than encoders write.
 */
export function stripPng(bytes: Buffer): Buffer | undefined {
  const kept = [bytes.subarray(0, SIGNATURE_LENGTH)];
  let at = SIGNATURE_LENGTH;
  for (let count = 0; count < MAX_CHUNKS && at + FRAME <= bytes.length; count += 1) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.readUInt32BE(at + 4);
    const end = at + FRAME + length;
    if (end > bytes.length) return undefined;
    if (name === IDAT || (LOOKS.has(name) && length <= MAX_LENGTH)) kept.push(bytes.subarray(at, end));
    if (name === IEND) return Buffer.concat(kept);
    at = end;
  }
  return undefined;
}

/** A name as a number, which is compared without making a text of each. */
function codeOf(name: string): number {
  return Buffer.from(name, 'latin1').readUInt32BE();
}
