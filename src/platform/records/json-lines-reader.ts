import { parseExactJson } from '../http/index.js';
import { cut, type Scanner } from './split-records.js';
import { decodeLines, invalidFile } from './file-errors.js';
import type { FileRecord } from './record.js';

const LF = 0x0a;
const LINES: Scanner = { next: (bytes, from) => bytes.indexOf(LF, from) + 1 };

/** Reads JSON lines: a value a line; empty lines are none. */
export class JsonLinesReader {
  readonly columns = undefined;
  private line = 1;

  /** @param pieces of the file, without a byte order mark */
  async *read(pieces: AsyncIterable<Buffer>): AsyncGenerator<FileRecord[]> {
    for await (const { bytes } of cut(pieces, LINES, () => this.tooLarge())) {
      const records: FileRecord[] = [];
      const lines = decodeLines(bytes, this.line).split('\n');
      lines.forEach((text, index) => {
        if (text.trim() !== '') records.push(recordOf(text, this.line + index));
      });
      this.line += lines.length - 1;
      yield records;
    }
  }

  private tooLarge(): Error {
    return invalidFile('length', `line ${this.line} is larger than 1 MB`, this.line);
  }
}

function recordOf(text: string, line: number): FileRecord {
  const location = ['body', 'file', line];
  try {
    return { position: line, location, value: parseExactJson(text) };
  } catch {
    const error = { location, type: 'json', message: `line ${line} is not well-formed JSON` };
    return { position: line, location, value: undefined, error };
  }
}
