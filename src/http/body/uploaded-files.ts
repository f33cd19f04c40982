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
