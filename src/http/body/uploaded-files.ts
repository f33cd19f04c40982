import { MULTIPART } from './body.decorators.js';
import { givenTwice } from './form-errors.js';
import { type FormEvent, readForm } from './multipart.js';

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
  for await (const event of readForm(once(bytes), contentType)) form.add(event);
  return form.toFiles();
}

/** In lower case and without parameters. */
export function mediaTypeOf(contentType: string): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}

class FormInMemory {
  private readonly files: UploadedFile[] = [];
  private readonly fields = new Map<string, string>();
  private file: Extract<FormEvent, { type: 'file' }> | undefined;
  private pieces: Buffer[] = [];

  add(event: FormEvent): void {
    if (event.type === 'file') this.file = event;
    else if (event.type === 'bytes') this.pieces.push(event.bytes);
    else if (event.type === 'end') this.endFile();
    else if (this.fields.has(event.field)) throw givenTwice(event.field);
    else this.fields.set(event.field, event.value);
  }

  toFiles(): UploadedFiles {
    return new UploadedFiles(this.files, Object.fromEntries(this.fields));
  }

  /** A browser sends a file without name and bytes where none was chosen. */
  private endFile(): void {
    const { field, name, mediaType } = this.file!;
    const bytes = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces);
    this.pieces = [];
    if (name === '' && bytes.length === 0) return;
    this.files.push({ field, name: name || undefined, mediaType: mediaTypeOf(mediaType), bytes });
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}
