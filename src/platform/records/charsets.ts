import { UnsupportedMediaTypeError } from '../http/index.js';

/** Turns bytes into text piece by piece: a piece may end in the middle of a character. */
export interface Decoder {
  /** What is not of the encoding becomes U+FFFD. */
  decode(bytes: Buffer): string;
  /** The rest: U+FFFD if the bytes ended in the middle of a character. */
  end(): string;
}

/** Names that the Encoding Standard does not list, of Python, Java and Windows, or means otherwise. */
const ALIASES: Readonly<Record<string, string>> = {
  cp949: 'euc-kr',
  ms949: 'euc-kr',
  uhc: 'euc-kr',
  'x-windows-949': 'euc-kr',
  'ks-c-5601-1987': 'euc-kr',
  euckr: 'euc-kr',
  cp932: 'shift_jis',
  ms932: 'shift_jis',
  'latin-1': 'windows-1252',
  'utf-8-sig': 'utf-8',
  'utf-16-le': 'utf-16le',
  'utf-16-be': 'utf-16be',
  // The standard means Windows-1252 by these, which reads UTF-8 wrongly.
  ascii: 'utf-8',
  'us-ascii': 'utf-8',
};
const KNOWN = 'utf-8, utf-16le, utf-16be, euc-kr (cp949), windows-1252 (iso-8859-1), shift_jis, gb18030 or big5';

/** The decoder of an encoding; undefined for UTF-8, which needs none. @throws UnsupportedMediaTypeError for an unknown name */
export async function decoderOf(charset: string): Promise<Decoder | undefined> {
  const encoding = findEncoding(charset);
  if (encoding === 'utf-8') return undefined;
  if (encoding?.startsWith('utf-16') === true) return new Utf16Decoder(encoding);
  // Node's own decoders of other encodings are not used: that of EUC-KR turns half of CP949 into control characters, that of
  // Windows-1252 is Latin-1 in some releases.
  const { default: iconv } = await import('iconv-lite');
  if (encoding === undefined || !iconv.encodingExists(encoding)) {
    throw new UnsupportedMediaTypeError(`charset=${charset} is not known. Send the file in ${KNOWN}.`);
  }
  const decoder = iconv.getDecoder(encoding);
  return { decode: (bytes) => decoder.write(bytes), end: () => decoder.end() ?? '' };
}

/** The name of an encoding in the Encoding Standard. Python writes an underscore for a hyphen. */
function findEncoding(charset: string): string | undefined {
  const hyphenated = charset.toLowerCase().replaceAll('_', '-');
  if (Object.hasOwn(ALIASES, hyphenated)) return ALIASES[hyphenated];
  return encodingOf(charset) ?? encodingOf(hyphenated);
}

function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

class Utf16Decoder implements Decoder {
  private readonly decoder: InstanceType<typeof TextDecoder>;

  constructor(encoding: string) {
    this.decoder = new TextDecoder(encoding, { ignoreBOM: true });
  }

  decode(bytes: Buffer): string {
    return this.decoder.decode(bytes, { stream: true });
  }

  end(): string {
    return this.decoder.decode();
  }
}
