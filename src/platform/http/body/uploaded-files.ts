import { MULTIPART } from './body.decorators.js';
import { duplicateField } from './form-errors.js';
import { type FormEvent, readForm } from './multipart.js';
import { Chunks, streamOf } from './body-stream.js';
import { charsetOf, mediaTypeOf } from './media-type.js';

/** An uploaded file in memory. */
export interface UploadedFile {
  /** Name of the form field; `file` for a raw body. */
  readonly field: string;
  /** File name given by the client, without folders. It must not be used as a path. */
  readonly name: string | undefined;
  /** Media type given by the client, in lower case and without parameters. */
  readonly mediaType: string | undefined;
  /** Of its media type, in lower case. */
  readonly charset?: string | undefined;
  readonly bytes: Buffer;
}

/** The body of a handler that accepts `files`: the parts of a multipart form, or one raw file. */
export class UploadedFiles {
  constructor(
    readonly files: readonly UploadedFile[],
    readonly fields: Readonly<Record<string, string>> = {},
  ) {}
}

/** @throws MalformedRequestError, PayloadTooLargeError, or InvalidInputError for a duplicate field */
export async function parseFiles(bytes: Buffer, contentType: string): Promise<UploadedFiles> {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType !== MULTIPART) {
    return new UploadedFiles([{ field: 'file', name: undefined, mediaType, charset: charsetOf(contentType), bytes }]);
  }
  const form = new FormInMemory();
  for await (const event of readForm(streamOf(bytes), contentType)) form.add(event);
  return form.toFiles();
}

class FormInMemory {
  private readonly files: UploadedFile[] = [];
  private readonly fields = new Map<string, string>();
  private readonly file = new FileInMemory();

  add(event: FormEvent): void {
    if (event.type === 'field') {
      if (this.fields.has(event.field)) throw duplicateField(event.field);
      this.fields.set(event.field, event.value);
      return;
    }
    const file = this.file.add(event);
    if (file) this.files.push(file);
  }

  toFiles(): UploadedFiles {
    return new UploadedFiles(this.files, Object.fromEntries(this.fields));
  }
}

/** Assembles the files of a form, one after another. */
class FileInMemory {
  private head: Extract<FormEvent, { type: 'file' }> | undefined;
  private chunks = new Chunks();

  /** Returns the file that ends with this event, unless it has neither name nor bytes: browsers send that if no file was chosen. */
  add(event: Exclude<FormEvent, { type: 'field' }>): UploadedFile | undefined {
    if (event.type === 'file') this.head = event;
    if (event.type === 'bytes') this.chunks.push(event.bytes);
    return event.type === 'end' ? this.end() : undefined;
  }

  private end(): UploadedFile | undefined {
    const { field, name, mediaType, charset } = this.head!;
    const bytes = this.chunks.join();
    this.chunks = new Chunks();
    if (name === '' && bytes.length === 0) return undefined;
    return { field, name: name || undefined, mediaType: mediaTypeOf(mediaType), charset, bytes };
  }
}
