import { adviceOnNaN, parseExactJson } from '../http/index.js';
import { decodeLines, invalidFileError } from './file-errors.js';
import type { FileRecord } from './record.js';
import { type BoundaryScanner, splitRecords } from './split-records.js';

const LF = 0x0a;
const LINE_SCANNER: BoundaryScanner = { findEnd: (bytes, from) => bytes.indexOf(LF, from) + 1 };

/** Reads JSON lines: one value per line; skips empty lines. */
export class JsonLinesReader {
  readonly header = undefined;
  /** Number of the next line. */
  private line = 1;

  /** @param chunks the file without a byte order mark */
  async *read(chunks: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    for await (const { bytes } of splitRecords(chunks, LINE_SCANNER, () => this.lineTooLarge())) {
      const records: FileRecord[] = [];
      const lines = decodeLines(bytes, this.line).split('\n');
      lines.forEach((text, index) => {
        if (text.trim() !== '') records.push(parseRecord(text, this.line + index));
      });
      this.line += lines.length - 1;
      yield records;
    }
  }

  private lineTooLarge(): Error {
    return invalidFileError('length', `line ${this.line} is larger than 1 MB`, this.line);
  }
}

function parseRecord(text: string, line: number): FileRecord {
  const location = ['body', 'file', line];
  try {
    return { position: line, location, value: parseExactJson(text) };
  } catch {
    const advice = adviceOnNaN(text);
    const message = `line ${line} is not well-formed JSON${advice && `; ${advice}`}`;
    const error = { location, type: 'json', message };
    return { position: line, location, value: undefined, error };
  }
}
