import { InvalidInputError, type UploadPart } from '../platform/http/index.js';
import { detectFormat, type RecordFormat } from '../platform/records/index.js';

const LF = 0x0a;
const NEW_LINE = Buffer.from('\n');
/** A file may be one line, of any length. */
const MAX_KEPT_BYTES = 65_536;
/** A byte order mark, and what else is not seen. */
const AROUND_LINE = /^\ufeff|\s+$/g;

/**
 * The files of a form as one, as `cat` puts them together: JSON lines, or CSV whose headers are the same; each but the first
 * leaves an empty line.
 *
 * @throws InvalidInputError where they cannot be put together; what reading them throws
 */
export async function* joined(parts: AsyncIterable<UploadPart>, format: RecordFormat): AsyncGenerator<Buffer> {
  let header: string | undefined;
  let last = LF;
  for await (const part of parts) {
    const line = new FirstLine();
    for await (const bytes of part.bytes) {
      const length = line.take(bytes);
      if (header === undefined) yield bytes;
      else {
        if (line.isNew) demandKind(part, format);
        if (line.isNew && last !== LF) yield NEW_LINE;
        yield format === 'csv' ? bytes.subarray(length) : bytes;
      }
      last = bytes.at(-1) ?? last;
    }
    header ??= line.text;
    if (format === 'csv' && line.text !== '' && line.text !== header) throw anotherHeader(part);
  }
}

/** The first line of a file that comes in pieces, or its beginning. */
class FirstLine {
  isNew = true;
  private readonly pieces: Buffer[] = [];
  private size = 0;
  private hasEnded = false;

  get text(): string {
    return Buffer.concat(this.pieces).toString().replace(AROUND_LINE, '');
  }

  /** How many of these bytes are of it, without its end. */
  take(bytes: Buffer): number {
    this.isNew = this.pieces.length === 0;
    if (this.hasEnded) return 0;
    const end = bytes.indexOf(LF);
    this.hasEnded = end >= 0;
    const length = end >= 0 ? end : bytes.length;
    if (this.size < MAX_KEPT_BYTES) this.pieces.push(bytes.subarray(0, length));
    this.size += length;
    return length;
  }
}

function demandKind({ name, mediaType }: UploadPart, format: RecordFormat): void {
  if (format !== 'json' && detectFormat(mediaType, name) === format) return;
  throw invalid('several files of a job must all be CSV, or all JSON lines');
}

function anotherHeader({ name = 'a file' }: UploadPart): InvalidInputError {
  return invalid(`${name} has another header than the files before it`);
}

function invalid(message: string): InvalidInputError {
  return new InvalidInputError([{ location: ['body', 'file'], type: 'files', message }]);
}
