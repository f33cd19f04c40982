import { type Decoder, decoderOf } from './charsets.js';
import { countLineBreaks, invalidFileError } from './file-errors.js';

/** Byte order marks by encoding. */
const MARKS = [
  { bytes: Buffer.from([0xef, 0xbb, 0xbf]), charset: 'utf-8' },
  { bytes: Buffer.from([0xff, 0xfe]), charset: 'utf-16le' },
  { bytes: Buffer.from([0xfe, 0xff]), charset: 'utf-16be' },
] as const;
/** The first bytes of files that are no text. */
const NOT_TEXT = [
  { bytes: Buffer.from('PK\x03\x04'), flaw: 'an Excel workbook or a ZIP archive: save the sheet as CSV (UTF-8)' },
  { bytes: Buffer.from([0xd0, 0xcf, 0x11, 0xe0]), flaw: 'an Excel workbook: save the sheet as CSV (UTF-8)' },
  { bytes: Buffer.from([0x1f, 0x8b]), flaw: 'compressed: send it with Content-Encoding: gzip, or unpack it' },
  { bytes: Buffer.from('PAR1\x15'), flaw: 'Parquet: write CSV or JSON lines' },
  { bytes: Buffer.from([0xff, 0xfe, 0, 0]), flaw: 'UTF-32: save it as UTF-8' },
] as const;
const REPLACEMENT = '\ufffd';

/**
 * Turns a file of text into UTF-8 without a byte order mark, piece by piece. A byte order mark says more than `charset`; without
 * either the file is UTF-8, and passes unchecked.
 *
 * @throws InvalidInputError that names the first line that is not of the encoding; UnsupportedMediaTypeError for an unknown one
 */
export async function* toUtf8(source: AsyncIterable<Buffer>, charset = 'utf-8'): AsyncGenerator<Buffer> {
  const declared = await decoderOf(charset);
  let transcoder: Transcoder | undefined;
  let isFirst = true;
  for await (const piece of withWholeMark(source)) {
    let bytes = piece;
    if (isFirst) {
      isFirst = false;
      requireText(bytes);
      const mark = MARKS.find((candidate) => startsWith(bytes, candidate.bytes));
      if (mark) bytes = bytes.subarray(mark.bytes.length);
      const decoder = mark ? await decoderOf(mark.charset) : declared;
      transcoder = decoder && new Transcoder(decoder, mark?.charset ?? charset);
    }
    yield transcoder ? transcoder.convert(bytes) : bytes;
  }
  if (transcoder) yield transcoder.end();
}

/** Passes chunks on, but the first one not before it has four bytes, which tell a mark. */
async function* withWholeMark(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of source) {
    if (!head) yield chunk;
    else {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length < 4) continue;
      yield head;
      head = undefined;
    }
  }
  if (head && head.length > 0) yield head;
}

class Transcoder {
  /** Number of the line in which the next piece begins. */
  private line = 1;

  constructor(
    private readonly decoder: Decoder,
    private readonly charset: string,
  ) {}

  convert(bytes: Buffer): Buffer {
    return this.encode(this.decoder.decode(bytes));
  }

  end(): Buffer {
    return this.encode(this.decoder.end());
  }

  private encode(text: string): Buffer {
    const at = text.indexOf(REPLACEMENT);
    if (at >= 0) throw this.notOfEncoding(this.line + countLineBreaks(text.slice(0, at)));
    this.line += countLineBreaks(text);
    return Buffer.from(text);
  }

  private notOfEncoding(line: number): Error {
    return invalidFileError('encoding', `line ${line} is not ${this.charset}, as the file is said to be`, line);
  }
}

function requireText(bytes: Buffer): void {
  const found = NOT_TEXT.find((candidate) => startsWith(bytes, candidate.bytes));
  if (found) throw invalidFileError('encoding', `the file is ${found.flaw}`);
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.subarray(0, prefix.length).equals(prefix);
}
