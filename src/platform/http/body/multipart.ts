import type { EventEmitter } from 'node:events';
import type { BusboyConfig, BusboyInstance } from '@fastify/busboy';
import { MalformedRequestError, PayloadTooLargeError } from '../errors/domain-error.js';
import { charsetOf } from './media-type.js';

/** An event of the parser, in the order of the form. The bytes of a file come between its `file` and its `end`. */
export type FormEvent =
  | FileEvent
  | { readonly type: 'bytes'; readonly bytes: Buffer }
  | { readonly type: 'end' }
  | { readonly type: 'field'; readonly field: string; readonly value: string };

/** The beginning of a file. */
export interface FileEvent {
  readonly type: 'file';
  readonly field: string;
  readonly name: string | undefined;
  readonly mediaType: string;
  /** Of its media type, in lower case. */
  readonly charset?: string | undefined;
}

/** Maximum number of files of a form that is read into memory. */
export const MAX_FORM_FILES = 100;
const MAX_FIELDS = 100;
const LIMITS = {
  fields: MAX_FIELDS,
  fieldSize: 65_536,
  headerPairs: 32,
  headerSize: 16_384,
};
const MAX_NAME_LENGTH = 255;

/**
 * Parses a `multipart/form-data` body while it arrives. Only one chunk of it is in memory. Ends with the form.
 *
 * @throws MalformedRequestError, PayloadTooLargeError for too many parts, and any error of `source`
 */
export async function* readForm(
  source: AsyncIterable<Buffer>,
  contentType: string,
  maxFiles = MAX_FORM_FILES,
): AsyncGenerator<FormEvent> {
  // Loaded on first use, which makes the start faster.
  const { Busboy } = await import('@fastify/busboy');
  const form = new FormParser((config) => new Busboy(config), contentType, maxFiles);
  for await (const chunk of source) {
    await form.write(chunk);
    yield* form.take();
  }
  await form.end();
  yield* form.take();
}

/** A part of the form, with its events that have not been taken. */
interface FoundPart {
  readonly events: FormEvent[];
  hasEnded: boolean;
}

/**
 * Turns Busboy's callbacks into events in the order of the form. Busboy emits data of a file after the beginning of the next
 * one, and may emit several errors.
 */
class FormParser {
  private readonly parser: BusboyInstance;
  private readonly parts: FoundPart[] = [];
  private failure: Error | undefined;
  private isFinished = false;
  /** Of the part that begins. */
  private charset: string | undefined;
  private wake: () => void = () => undefined;

  constructor(
    open: (config: BusboyConfig) => BusboyInstance,
    contentType: string,
    private readonly maxFiles: number,
  ) {
    const limits = { ...LIMITS, files: maxFiles, parts: maxFiles + MAX_FIELDS };
    try {
      this.parser = open({ headers: { 'content-type': contentType }, limits, isPartAFile });
    } catch {
      throw new MalformedRequestError('The Content-Type of a multipart body must name its boundary.');
    }
    observeHeaders(this.parser, ([contentType = '']) => (this.charset = charsetOf(contentType)));
    this.listen();
  }

  async write(chunk: Buffer): Promise<void> {
    await this.step((done) => void this.parser.write(chunk, done));
  }

  /** Resolves when the whole form has been parsed. */
  async end(): Promise<void> {
    await this.step(() => this.parser.end());
  }

  /** Takes the events since the last call, in the order of the form. */
  *take(): Generator<FormEvent> {
    for (let [part] = this.parts; part; [part] = this.parts) {
      yield* part.events.splice(0);
      if (!part.hasEnded) return;
      this.parts.shift();
    }
  }

  private async step(act: (done: () => void) => void): Promise<void> {
    if (!this.failure && !this.isFinished) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        act(resolve);
      });
    }
    if (this.failure) throw this.failure;
  }

  private listen(): void {
    const failMalformed = (): void =>
      this.fail(new MalformedRequestError('The multipart body is malformed, or not whole.'));
    const tooMany = (): void => {
      this.fail(new PayloadTooLargeError(`A form has at most ${this.maxFiles} files and ${MAX_FIELDS} fields.`));
    };
    this.parser.on('file', (field: string | undefined, stream, name: string | undefined, _, mediaType) => {
      if (field === undefined) this.failNameless();
      const { charset } = this;
      const file = { field: field ?? '', name: name?.slice(0, MAX_NAME_LENGTH), mediaType, charset };
      const part: FoundPart = { events: [{ type: 'file', ...file }], hasEnded: false };
      this.parts.push(part);
      stream.on('error', failMalformed);
      stream.on('data', (bytes: Buffer) => part.events.push({ type: 'bytes', bytes }));
      stream.on('end', () => {
        part.events.push({ type: 'end' });
        part.hasEnded = true;
      });
    });
    this.parser.on('field', (field: string | undefined, value, _, isTruncated) => {
      if (field === undefined) this.failNameless();
      else if (isTruncated) this.fail(new PayloadTooLargeError(`A field has at most ${LIMITS.fieldSize} bytes.`));
      else this.parts.push({ events: [{ type: 'field', field, value }], hasEnded: true });
    });
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit']) this.parser.on(limit, tooMany);
    this.parser.on('error', failMalformed);
    this.parser.on('finish', () => {
      this.isFinished = true;
      this.wake();
    });
  }

  private failNameless(): void {
    this.fail(new MalformedRequestError('Each part of a form must have a name.'));
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }
}

/** Busboy's own parser of parts, which Busboy's types do not mention. */
interface BusboyInternals {
  readonly _parser?: { readonly parser?: EventEmitter };
}

/** Reports the Content-Type of each part before Busboy does, which passes it on without its parameters. */
function observeHeaders(busboy: BusboyInstance, report: (contentTypes: readonly string[]) => void): void {
  const { parser } = (busboy as unknown as BusboyInternals)._parser ?? {};
  parser?.prependListener('part', (part: EventEmitter) => {
    part.prependListener('header', (header: Readonly<Record<string, readonly string[]>>) => {
      report(header['content-type'] ?? []);
    });
  });
}

/** A field `file` is a file even without a file name, as `curl -F 'file=<flowers.csv'` sends it. */
function isPartAFile(field: string | undefined, mediaType: string | undefined, name: string | undefined): boolean {
  return name !== undefined || field === 'file' || mediaType === 'application/octet-stream';
}
