import { InvalidInputError, type UploadPart } from '../platform/http/index.js';
import { detectFormat, type RecordFormat } from '../platform/records/index.js';

const LF = 0x0a;
const LINE_BREAK = Buffer.from('\n');
/** Bounds the copy of the first line, which may be the whole file. */
const MAX_LINE_COPY_BYTES = 65_536;
/** A byte order mark, and trailing white space. */
const INSIGNIFICANT = /^\ufeff|\s+$/g;

/**
 * Concatenates the files of a form: JSON lines, or CSV files with the same header. An empty line replaces each header but the
 * first.
 *
 * @throws InvalidInputError if the files differ in format or header; any error of reading them
 */
export async function* concatFiles(parts: AsyncIterable<UploadPart>, format: RecordFormat): AsyncGenerator<Buffer> {
  let header: string | undefined;
  let last = LF;
  for await (const part of parts) {
    const line = new FirstLine();
    for await (const bytes of part.bytes) {
      const length = line.push(bytes);
      if (header === undefined) yield bytes;
      else {
        if (line.isNew) requireSameFormat(part, format);
        if (line.isNew && last !== LF) yield LINE_BREAK;
        yield format === 'csv' ? bytes.subarray(length) : bytes;
      }
      last = bytes.at(-1) ?? last;
    }
    header ??= line.text;
    if (format === 'csv' && line.text !== '' && line.text !== header) throw headerMismatch(part);
  }
}

/** Collects the first line of a file, up to MAX_LINE_COPY_BYTES, while the file streams through. */
class FirstLine {
  /** Whether the chunk passed last was the first. */
  isNew = true;
  private readonly pieces: Buffer[] = [];
  private size = 0;
  private hasEnded = false;

  get text(): string {
    return Buffer.concat(this.pieces).toString().replace(INSIGNIFICANT, '');
  }

  /** @returns how many bytes of the chunk belong to the first line, without its line break */
  push(bytes: Buffer): number {
    this.isNew = this.pieces.length === 0;
    if (this.hasEnded) return 0;
    const end = bytes.indexOf(LF);
    this.hasEnded = end >= 0;
    const length = end >= 0 ? end : bytes.length;
    if (this.size < MAX_LINE_COPY_BYTES) this.pieces.push(bytes.subarray(0, length));
    this.size += length;
    return length;
  }
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
