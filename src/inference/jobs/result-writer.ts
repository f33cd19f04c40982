import type { Progress, RunningJob } from '../../jobs/index.js';
import { lineOf } from './result-lines.js';
import { RowFailure } from './row-outcomes.js';

/** A save is a transaction: one for many rows, but so often that progress is seen and little is done again. */
const ROWS_A_SAVE = 1_000;
const SAVE_EVERY_MS = 500;
const MAX_LENGTH = 512 * 1024;
const FIRST_ROWS = 16;

/** Writes the lines of a result, in order, together with how far the job is: after a crash each row is there once. */
export class ResultWriter {
  private text = '';
  /** Of the lines that were written last. */
  private lineLength: number | undefined;
  private done: number;
  private errors: number;
  private savedDone: number;
  private savedAt = performance.now();
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly job: RunningJob) {
    const { done, errors } = job.progress;
    this.done = done;
    this.savedDone = done;
    this.errors = errors;
  }

  /** The outcomes of the next rows. */
  add(outcomes: readonly unknown[]): void {
    let lines = '';
    for (const outcome of outcomes) {
      lines += lineOf(this.done, outcome);
      this.done += 1;
      if (outcome instanceof RowFailure) this.errors += 1;
    }
    this.text += lines;
    if (outcomes.length > 0) this.lineLength = lines.length / outcomes.length;
  }

  /** How many lines are likely to have no more characters than this: few, as long as none is known. */
  rowsWithin(length: number): number {
    return this.lineLength === undefined ? FIRST_ROWS : Math.max(1, Math.floor(length / this.lineLength));
  }

  /** Saves where it is time to; the next rows are predicted meanwhile. */
  async saveIfDue(): Promise<void> {
    const isDue =
      this.done - this.savedDone >= ROWS_A_SAVE ||
      this.text.length >= MAX_LENGTH ||
      performance.now() - this.savedAt >= SAVE_EVERY_MS;
    if (isDue) await this.save();
  }

  /**
   * Saves what there is.
   *
   * @param errors where a row that is not in the result ends the job
   */
  async close(errors = this.errors): Promise<void> {
    this.errors = errors;
    await this.save();
    await this.saving;
  }

  /** One after the other: resolves when the one before is done. */
  private async save(): Promise<void> {
    const { total } = this.job.progress;
    const progress: Progress = { done: this.done, total, errors: this.errors };
    const result = Buffer.from(this.text);
    this.text = '';
    this.savedDone = this.done;
    this.savedAt = performance.now();
    await this.saving;
    this.saving = this.job.save({ progress, result });
    this.saving.catch(() => undefined);
  }
}
