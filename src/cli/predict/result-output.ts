import { createWriteStream, fstatSync, ftruncateSync, readFileSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { PredictError } from './options.js';

/** What `npm run` writes before a command's own output, where it is not told to be silent. */
const NPM_BANNER = /^\n> [^\n]+ predict\n> [^\n]+\n\n$/;
const MAX_BANNER = 4_096;
const STDOUT = 1;

/** The result cannot be written: whoever was to read it has gone, or a disk is full. */
class OutputError extends PredictError {
  constructor(cause: Error) {
    super(`The result cannot be written: ${cause.message}`, { cause });
  }
}

/** Where a result goes, byte by byte; it knows how many it has. A file stays as it was until there is a result. */
export class ResultOutput {
  private written = 0;
  private stream: WriteStream | NodeJS.WriteStream | undefined;

  /** @param file standard output unless given */
  constructor(private readonly file: string | undefined) {}

  /**
   * Takes what it does not have yet of a result that is read again from its beginning.
   *
   * @param broken makes the error of a source that has ended too early
   */
  async take(source: Readable, broken: (error: Error) => Error): Promise<void> {
    let toSkip = this.written;
    try {
      for await (const piece of source as AsyncIterable<Buffer>) {
        const rest = piece.subarray(Math.min(toSkip, piece.length));
        toSkip -= piece.length - rest.length;
        if (rest.length > 0) await this.write(rest);
      }
    } catch (error) {
      throw error instanceof OutputError ? error : broken(error as Error);
    }
  }

  async write(bytes: Buffer | string): Promise<void> {
    this.written += Buffer.byteLength(bytes);
    const stream = this.open();
    await new Promise<void>((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(new OutputError(error)) : resolve()));
    });
  }

  /** To be called when the result is whole, be it empty. */
  async close(): Promise<void> {
    const stream = this.open();
    if (stream === process.stdout) return;
    stream.end();
    await finished(stream);
  }

  private open(): WriteStream | NodeJS.WriteStream {
    if (this.stream) return this.stream;
    this.stream = this.file === undefined ? standardOutput() : createWriteStream(this.file);
    // What fails is said where it is waited for.
    return this.stream.on('error', () => undefined);
  }
}

/** A file that holds nothing yet but npm's words is to hold the result alone. */
function standardOutput(): WriteStream | NodeJS.WriteStream {
  try {
    const stat = fstatSync(STDOUT);
    if (!stat.isFile() || stat.size > MAX_BANNER) return process.stdout;
    if (!NPM_BANNER.test(readFileSync(`/proc/self/fd/${STDOUT}`, 'utf8'))) return process.stdout;
    ftruncateSync(STDOUT, 0);
    return createWriteStream('', { fd: STDOUT, start: 0, autoClose: false });
  } catch {
    return process.stdout;
  }
}
