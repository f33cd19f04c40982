/** Finds the ends of records in consecutive chunks. */
export interface BoundaryScanner {
  /** Offset behind the first record that ends in `bytes` at or after `from`; 0 if none does. */
  findEnd(bytes: Buffer, from: number): number;
}

export interface RecordBytes {
  /** One or more whole records, or the remainder. */
  readonly bytes: Buffer;
  /** Bytes at the end of the file that no record boundary follows. */
  readonly isRemainder: boolean;
}

export const MAX_RECORD_BYTES = 2 ** 20;

/**
 * Regroups chunks at record boundaries. Memory is bounded by MAX_RECORD_BYTES and one chunk.
 *
 * @param tooLarge makes the error for a record of more than MAX_RECORD_BYTES
 */
export async function* splitRecords(
  chunks: AsyncIterable<Buffer>,
  scanner: BoundaryScanner,
  tooLarge: () => Error,
): AsyncGenerator<RecordBytes> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const firstEnd = scanner.findEnd(chunk, 0);
    if (size + (firstEnd || chunk.length) > MAX_RECORD_BYTES) throw tooLarge();
    const end = findLastEnd(scanner, chunk, firstEnd);
    if (end > 0) {
      yield { bytes: Buffer.concat([...pending, chunk.subarray(0, end)]), isRemainder: false };
      pending = [];
      size = 0;
    }
    if (end === chunk.length) continue;
    pending.push(chunk.subarray(end));
    size += chunk.length - end;
  }
  if (size > 0) yield { bytes: Buffer.concat(pending), isRemainder: true };
}

function findLastEnd(scanner: BoundaryScanner, chunk: Buffer, firstEnd: number): number {
  let end = firstEnd;
  for (let next = firstEnd; next > 0; next = scanner.findEnd(chunk, next)) end = next;
  return end;
}
