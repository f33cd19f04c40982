import type { Progress, RunningJob } from '../jobs/index.js';
import { formatResultLine } from './result-lines.js';
import { RowFailure } from './row-outcomes.js';

/** A save is a transaction: one for many rows, but so often that progress is seen and little is done again. */
const ROWS_A_SAVE = 1_000;
const SAVE_EVERY_MS = 500;
const MAX_BYTES = 512 * 1024;
const FIRST_ROWS = 16;

/** Writes the lines of a result, in order, together with how far the job is: after a crash each row is there once. */
export class ResultWriter {
  /** Lines that are not saved yet. */
  private unsaved: Buffer[] = [];
  private unsavedBytes = 0;
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
    const lines = outcomes.map((outcome, index) => formatResultLine(this.done + index, outcome)).join('');
    this.done += outcomes.length;
    this.errors += outcomes.filter((outcome) => outcome instanceof RowFailure).length;
    if (outcomes.length > 0) this.lineLength = lines.length / outcomes.length;
    // As bytes at once: a text that grows is a chain of all that it was made of, which outlives its use by far.
    const bytes = Buffer.from(lines);
    this.unsaved.push(bytes);
    this.unsavedBytes += bytes.length;
  }

  /** How many lines are likely to have no more characters than this: few, as long as none is known. */
  rowsWithin(length: number): number {
    return this.lineLength === undefined ? FIRST_ROWS : Math.max(1, Math.floor(length / this.lineLength));
  }

  /** Saves where it is time to; the next rows are predicted meanwhile. */
  async saveIfDue(): Promise<void> {
    const isDue =
      this.done - this.savedDone >= ROWS_A_SAVE ||
      this.unsavedBytes >= MAX_BYTES ||
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
