import { InvalidInputError, type UploadPart } from '../platform/http/index.js';
import { detectFormat, readDelimiterLine, type RecordFormat, toUtf8 } from '../platform/records/index.js';

const LF = 0x0a;
const LINE_BREAK = Buffer.from('\n');
/** Bounds the copy of the first line, which may be the whole file. */
const MAX_LINE_COPY_BYTES = 65_536;
const TRAILING_SPACE = /\s+$/;

/**
 * Concatenates the files of a form: JSON lines, or CSV files with the same header. Each is turned into UTF-8, from its own encoding.
 * Empty lines replace each header but the first.
 *
 * @throws InvalidInputError if the files differ in format or header, or cannot be decoded; any error of reading them
 */
export async function* concatFiles(parts: AsyncIterable<UploadPart>, format: RecordFormat): AsyncGenerator<Buffer> {
  let header: string | undefined;
  let last = LF;
  for await (const part of parts) {
    const start = new FileHeader();
    for await (const bytes of toUtf8(part.bytes, part.charset)) {
      const length = start.push(bytes);
      if (header === undefined) yield bytes;
      else {
        if (start.isNew) requireSameFormat(part, format);
        if (start.isNew && last !== LF) yield LINE_BREAK;
        yield format === 'csv' ? withoutHeader(bytes, length) : bytes;
      }
      last = bytes.at(-1) ?? last;
    }
    header ??= start.text;
    if (format === 'csv' && start.text !== '' && start.text !== header) throw headerMismatch(part);
  }
}

/** Collects the first line of a file, and the second below `sep=;`, while the file streams through; up to MAX_LINE_COPY_BYTES. */
class FileHeader {
  /** Whether the chunk passed last was the first. */
  isNew = true;
  private readonly pieces: Buffer[] = [];
  private size = 0;
  private isBelowDelimiterLine = false;
  private hasEnded = false;

  get text(): string {
    return Buffer.concat(this.pieces).toString().replace(TRAILING_SPACE, '').replaceAll('\r\n', '\n');
  }

  /** @returns how many bytes of the chunk belong to the header, without its last line break */
  push(bytes: Buffer): number {
    this.isNew = this.pieces.length === 0;
    if (this.hasEnded) return 0;
    const length = this.findEnd(bytes);
    if (this.size < MAX_LINE_COPY_BYTES) this.pieces.push(bytes.subarray(0, length));
    this.size += length;
    return length;
  }

  private findEnd(bytes: Buffer): number {
    let end = bytes.indexOf(LF);
    if (end >= 0 && !this.isBelowDelimiterLine && this.isDelimiterLine(bytes.subarray(0, end))) {
      this.isBelowDelimiterLine = true;
      end = bytes.indexOf(LF, end + 1);
    }
    this.hasEnded = end >= 0;
    return end >= 0 ? end : bytes.length;
  }

  private isDelimiterLine(rest: Buffer): boolean {
    return this.size < MAX_LINE_COPY_BYTES && readDelimiterLine(this.text + rest.toString()) !== undefined;
  }
}

/** The chunk with empty lines in place of its first `length` bytes. */
function withoutHeader(bytes: Buffer, length: number): Buffer {
  const breaks = bytes.subarray(0, length).filter((byte) => byte === LF);
  return breaks.length === 0 ? bytes.subarray(length) : Buffer.concat([breaks, bytes.subarray(length)]);
}

function requireSameFormat({ name, mediaType }: UploadPart, format: RecordFormat): void {
  if (format !== 'json' && detectFormat(mediaType, name) === format) return;
  throw invalidFiles('several files of a job must all be CSV, or all JSON lines');
}

function headerMismatch({ name = 'a file' }: UploadPart): InvalidInputError {
  return invalidFiles(`${name} has another header than the files before it`);
}

function invalidFiles(message: string): InvalidInputError {
  return new InvalidInputError([{ location: ['body', 'file'], type: 'files', message }]);
}
