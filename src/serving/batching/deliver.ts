import { RunFailedError } from '../runtime/runtime-process.js';
import type { Tensor } from '../signature/tensor.js';
import { sliceRows } from './batch.js';
import type { QueuedRun } from './queued-run.js';

/** To each caller its own rows; throws where the outputs do not have as many as went in. */
export function deliver(outputs: Tensor[], batch: readonly QueuedRun[], rows: number): void {
  const [only] = batch;
  if (only && batch.length === 1) {
    only.resolve(outputs);
    return;
  }
  const odd = outputs.find(({ shape }) => shape[0] !== rows);
  if (odd) throw new RunFailedError(`"${odd.name}" has ${odd.shape[0]} rows for a batch of ${rows}`);
  let start = 0;
  for (const run of batch) {
    run.resolve(sliceRows(outputs, start, run.submission.rows));
    start += run.submission.rows;
  }
}
