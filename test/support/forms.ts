/** A part of a multipart form. */
export interface Part {
  readonly name: string;
  readonly filename?: string;
  readonly type?: string;
  readonly content: string | Buffer;
}

export const BOUNDARY = 'b0undary';
export const MULTIPART = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };

/** A multipart body in the format of RFC 7578. */
export function multipart(parts: readonly Part[], boundary = BOUNDARY, end = `--${boundary}--\r\n`): Buffer {
  const pieces = parts.flatMap(({ name, filename, type, content }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"`;
    const header = type === undefined ? '' : `Content-Type: ${type}\r\n`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${header}\r\n`;
    return [Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')];
  });
  return Buffer.concat([...pieces, Buffer.from(end)]);
}

/** A multipart form with one CSV file. */
export function csvForm(content: string, filename = 'rows.csv'): Buffer {
  return multipart([{ name: 'file', filename, type: 'text/csv', content }]);
}
