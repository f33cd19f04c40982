const SIGNATURE_LENGTH = 8;
/** Length, name and checksum of a chunk. */
const FRAME = 12;
/** What decides how a picture looks: its pixels, their colours, and which way is up. */
const LOOKS = new Set(['IHDR', 'PLTE', 'tRNS', 'gAMA', 'cHRM', 'sRGB', 'iCCP', 'eXIf', 'IDAT', 'IEND']);
/** Of what is not pixels; a colour profile has a few kilobytes. */
const MAX_LENGTH = 2 ** 20;

/**
 * A PNG without what nobody looks at: texts among its chunks are compressed, and inflate to gigabytes where somebody wants
 * them to. Undefined where it does not end as a PNG does.
 */
export function plainPng(bytes: Buffer): Buffer | undefined {
  const kept = [bytes.subarray(0, SIGNATURE_LENGTH)];
  for (let at = SIGNATURE_LENGTH; at + FRAME <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    const end = at + FRAME + length;
    if (end > bytes.length) return undefined;
    if (name === 'IDAT' || (LOOKS.has(name) && length <= MAX_LENGTH)) kept.push(bytes.subarray(at, end));
    if (name === 'IEND') return Buffer.concat(kept);
    at = end;
  }
  return undefined;
}
