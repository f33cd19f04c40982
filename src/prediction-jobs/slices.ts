import type { FileRecord } from '../platform/records/index.js';

/** The records from number `skipped` on, in slices of at most `size` of them. */
export async function* slicesOf(
  batches: AsyncIterable<readonly FileRecord[]>,
  skipped: number,
  size: () => number,
): AsyncGenerator<readonly FileRecord[]> {
  let toSkip = skipped;
  for await (const batch of batches) {
    let start = Math.min(toSkip, batch.length);
    toSkip -= start;
    while (start < batch.length) {
      const end = Math.min(batch.length, start + size());
      yield start === 0 && end === batch.length ? batch : batch.slice(start, end);
      start = end;
    }
  }
}
