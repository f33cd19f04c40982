import type { FileRecord } from '../platform/records/index.js';

/** Skips the first records, and regroups the others into batches of at most `size()` records. */
export async function* rebatch(
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
