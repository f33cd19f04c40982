const UTF16_LE = 0xfeff;
const UTF16_BE = 0xfffe;

/**
 * Decodes a text file that people edit. Editors and shells of Windows put a byte order mark before UTF-8, or write UTF-16 with
 * one; the mark itself is removed.
 *
 * @throws TypeError where `strict` and the bytes are no text in this encoding; else U+FFFD takes their place
 */
export function decodeText(bytes: Uint8Array, { strict = false } = {}): string {
  return new TextDecoder(encodingOf(bytes), { fatal: strict }).decode(bytes);
}

function encodingOf([first = 0, second = 0]: Uint8Array): string {
  const mark = first + 0x100 * second;
  if (mark === UTF16_LE) return 'utf-16le';
  return mark === UTF16_BE ? 'utf-16be' : 'utf-8';
}
