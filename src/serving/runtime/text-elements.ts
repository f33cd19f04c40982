import { isAscii } from 'node:buffer';

const SHORT_TEXT = 32;
/** V8 copies parts of a string that are as short; a longer one would keep the whole in memory. */
const MAX_COPIED_TEXT = 12;
const MAX_ASCII = 0x7f;

/** The bytes of a string tensor. One buffer for all: one for each text takes many times as long. */
export function encodeTexts(texts: readonly string[]): Buffer {
  const bytes = Buffer.allocUnsafe(
    texts.reduce((size, text) => size + 4 + (shortAscii(text) ?? Buffer.byteLength(text)), 0),
  );
  let at = 0;
  for (const text of texts) {
    const short = shortAscii(text);
    for (let index = 0; index < (short ?? 0); index += 1) bytes[at + 4 + index] = text.charCodeAt(index);
    const length = short ?? bytes.write(text, at + 4);
    at = bytes.writeUInt32LE(length, at) + length;
  }
  return bytes;
}

/** The length of a text of a few characters of ASCII, for which a call of the runtime takes longer than a loop; else undefined. */
function shortAscii(text: string): number | undefined {
  if (text.length > SHORT_TEXT) return undefined;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > MAX_ASCII) return undefined;
  return text.length;
}

/** The texts in the bytes of a string tensor. */
export function decodeTexts(bytes: Buffer): string[] {
  const texts: string[] = [];
  // Decoding each text takes three times as long as taking parts of one string, where characters are bytes.
  const ascii = isAscii(bytes) ? bytes.toString('latin1') : '';
  for (let at = 0; at < bytes.length;) {
    const start = at + 4;
    const end = start + bytes.readUInt32LE(at);
    const isPart = ascii !== '' && end - start <= MAX_COPIED_TEXT;
    texts.push(isPart ? ascii.slice(start, end) : bytes.toString('utf8', start, end));
    at = end;
  }
  return texts;
}
