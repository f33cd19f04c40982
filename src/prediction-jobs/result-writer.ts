import type { Progress, RunningJob } from '../jobs/index.js';
import type { FileRecord } from '../platform/records/index.js';
import { formatResultLine } from './result-lines.js';
import { RowFailure } from './row-results.js';

/*
 * Limits of a checkpoint, which is a transaction: large enough to amortise it, frequent enough to show progress and to repeat
 * little after a crash.
 */
const CHECKPOINT_ROWS = 1_000;
const CHECKPOINT_INTERVAL_MS = 500;
const CHECKPOINT_BYTES = 512 * 1024;
/** Size of a batch before the length of a line is known. */
const INITIAL_ROWS = 16;

/** Writes the lines of a result in order, atomically with the job's progress: after a crash each row is in the result once. */
export class ResultWriter {
  /** Lines since the last checkpoint. */
  private unsaved: Buffer[] = [];
  private unsavedBytes = 0;
  /** Mean length of the lines of the last batch, in characters. */
  private lineLength: number | undefined;
  private done: number;
  private errors: number;
  private savedDone: number;
  private savedAt = performance.now();
  private saving: Promise<void> = Promise.resolve();

  /** @param formatKept the members of a line that repeat its record */
  constructor(
    private readonly job: RunningJob,
    private readonly formatKept?: (record: FileRecord) => string,
  ) {
    const { done, errors } = job.progress;
    this.done = done;
    this.savedDone = done;
    this.errors = errors;
  }

  /** Appends the results of the next rows, predictions or `RowFailure`s. @param records the rows, of which there may be more */
  add(results: readonly unknown[], records: readonly FileRecord[]): void {
    const lines = results
      .map((result, index) => formatResultLine(this.done + index, result, this.formatKept?.(records[index]!)))
      .join('');
    this.done += results.length;
    this.errors += results.filter((result) => result instanceof RowFailure).length;
    if (results.length > 0) this.lineLength = lines.length / results.length;
    // Bytes instead of a growing string: V8 represents one as a tree of its parts, which are promoted to the old heap.
    const bytes = Buffer.from(lines);
    this.unsaved.push(bytes);
    this.unsavedBytes += bytes.length;
  }

  /** Estimates how many lines fit in `length` characters. */
  rowsWithin(length: number): number {
    return this.lineLength === undefined ? INITIAL_ROWS : Math.max(1, Math.floor(length / this.lineLength));
  }

  /** Starts a checkpoint if one is due; the next rows are predicted meanwhile. */
  async saveIfDue(): Promise<void> {
    const isDue =
      this.done - this.savedDone >= CHECKPOINT_ROWS ||
      this.unsavedBytes >= CHECKPOINT_BYTES ||
      performance.now() - this.savedAt >= CHECKPOINT_INTERVAL_MS;
    if (isDue) await this.save();
  }

  /**
   * Saves a last checkpoint, and waits for it.
   *
   * @param errors overrides the count if a row that is not in the result ends the job
   */
  async close(errors = this.errors): Promise<void> {
    this.errors = errors;
    await this.save();
    await this.saving;
  }

  /** Waits for the checkpoint before this one, then starts this one without waiting for it. */
  private async save(): Promise<void> {
    const { total } = this.job.progress;
    const progress: Progress = { done: this.done, total, errors: this.errors };
    const result = Buffer.concat(this.unsaved);
    this.unsaved = [];
    this.unsavedBytes = 0;
    this.savedDone = this.done;
    this.savedAt = performance.now();
    await this.saving;
    this.saving = this.job.save({ progress, result, delayedDurability: true });
    this.saving.catch(() => undefined);
  }
}
