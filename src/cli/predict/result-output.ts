import { createWriteStream, fstatSync, ftruncateSync, readFileSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { CommandError } from '../command-line.js';

/** The lines that `npm run` writes to stdout before the command, unless it is called with `-s`. */
const NPM_BANNER = /^\n> [^\n]+ predict\n> [^\n]+\n\n$/;
const MAX_BANNER = 4_096;
const STDOUT = 1;

/** The result cannot be written: the reader of a pipe has gone, or the disk is full. */
class OutputError extends CommandError {
  constructor(cause: Error) {
    super(`The result cannot be written: ${cause.message}`, { cause });
  }
}

/**
 * Destination of a result: a file or stdout. It counts the bytes written, so that a broken download can be resumed. An existing
 * file is not truncated before the first byte of a result.
 */
export class ResultOutput {
  private written = 0;
  private stream: WriteStream | NodeJS.WriteStream | undefined;

  /** @param file path, or undefined for standard output */
  constructor(private readonly file: string | undefined) {}

  /**
   * Writes a result that is read from its beginning, without the bytes that have been written before.
   *
   * @param toSourceError wraps an error of the source
   */
  async resumeFrom(source: Readable, toSourceError: (error: Error) => Error): Promise<void> {
    let toSkip = this.written;
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        const rest = chunk.subarray(Math.min(toSkip, chunk.length));
        toSkip -= chunk.length - rest.length;
        if (rest.length > 0) await this.write(rest);
      }
    } catch (error) {
      throw error instanceof OutputError ? error : toSourceError(error as Error);
    }
  }

  async write(bytes: Buffer | string): Promise<void> {
    this.written += Buffer.byteLength(bytes);
    const stream = this.open();
    await new Promise<void>((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(new OutputError(error)) : resolve()));
    });
  }

  /** Must be called once the result is complete, also if it is empty. */
  async close(): Promise<void> {
    const stream = this.open();
    if (stream === process.stdout) return;
    stream.end();
    await finished(stream);
  }

  private open(): WriteStream | NodeJS.WriteStream {
    if (this.stream) return this.stream;
    this.stream = this.file === undefined ? standardOutput() : createWriteStream(this.file);
    // Errors are reported by the callbacks of the writes.
    return this.stream.on('error', () => undefined);
  }
}

/** If stdout is redirected to a file that contains only the banner of npm, the banner is removed. */
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
