import { PayloadTooLargeError } from '../http/index.js';

/** The same stream. @throws PayloadTooLargeError as soon as there are more than `limit` bytes */
export async function* limited(source: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const part of source) {
    total += part.length;
    if (total > limit) throw new PayloadTooLargeError(`The file is larger than ${limit} bytes.`);
    yield part;
  }
}
