import { MULTIPART } from './body.decorators.js';
import { givenTwice } from './form-errors.js';
import { type FormEvent, readForm } from './multipart.js';
import { arrived, Chunks } from './read-bytes.js';

/** A file that came in a body, whole and in memory. */
export interface UploadedFile {
  /** The field of the form; `file` where the body was the file itself. */
  readonly field: string;
  /** What the client calls it, without folders; never a path of ours. */
  readonly name: string | undefined;
  /** As the client says, in lower case and without parameters. */
  readonly mediaType: string | undefined;
  readonly bytes: Buffer;
}

/** What the body of a handler that takes `files` becomes: the parts of a multipart form, or one file that was sent alone. */
export class UploadedFiles {
  constructor(
    readonly files: readonly UploadedFile[],
    readonly fields: Readonly<Record<string, string>> = {},
  ) {}
}

/** @throws MalformedRequestError, PayloadTooLargeError, or InvalidInputError where a field is there twice */
export async function parseFiles(bytes: Buffer, contentType: string): Promise<UploadedFiles> {
  const mediaType = mediaTypeOf(contentType);
  if (mediaType !== MULTIPART) return new UploadedFiles([{ field: 'file', name: undefined, mediaType, bytes }]);
  const form = new FormInMemory();
  for await (const event of readForm(arrived(bytes), contentType)) form.add(event);
  return form.toFiles();
}

/** In lower case and without parameters. */
export function mediaTypeOf(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}

class FormInMemory {
  private readonly files: UploadedFile[] = [];
  private readonly fields = new Map<string, string>();
  private readonly file = new FileInMemory();

  add(event: FormEvent): void {
    if (event.type === 'field') {
      if (this.fields.has(event.field)) throw givenTwice(event.field);
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

/** Puts the files of a form together, one after the other. */
class FileInMemory {
  private head: Extract<FormEvent, { type: 'file' }> | undefined;
  private chunks = new Chunks();

  /** The file that ends here, if one does and was chosen: a browser sends one without name and bytes where none was. */
  add(event: Exclude<FormEvent, { type: 'field' }>): UploadedFile | undefined {
    if (event.type === 'file') this.head = event;
    if (event.type === 'bytes') this.chunks.push(event.bytes);
    return event.type === 'end' ? this.end() : undefined;
  }

  private end(): UploadedFile | undefined {
    const { field, name, mediaType } = this.head!;
    const bytes = this.chunks.join();
    this.chunks = new Chunks();
    if (name === '' && bytes.length === 0) return undefined;
    return { field, name: name || undefined, mediaType: mediaTypeOf(mediaType), bytes };
  }
}
