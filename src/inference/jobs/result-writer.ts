import type { Progress, RunningJob } from '../../jobs/index.js';
import { lineOf } from './result-lines.js';
import { RowFailure } from './row-outcomes.js';

/** A save is a transaction: one for many rows, but so often that progress is seen and little is done again. */
const ROWS_A_SAVE = 2_000;
const SAVE_EVERY_MS = 500;
const MAX_LENGTH = 512 * 1024;

/** Writes the lines of a result, in order, together with how far the job is: after a crash each row is there once. */
export class ResultWriter {
  private text = '';
  private done: number;
  private errors: number;
  private savedDone: number;
  private savedAt = performance.now();
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly job: RunningJob<unknown>) {
    const { done, errors } = job.progress;
    this.done = done;
    this.savedDone = done;
    this.errors = errors;
  }

  add(outcome: unknown): void {
    this.text += lineOf(this.done, outcome);
    this.done += 1;
    if (outcome instanceof RowFailure) this.errors += 1;
  }

  /** Saves where it is time to; the next rows are predicted meanwhile. */
  async saveIfDue(): Promise<void> {
    const isDue =
      this.done - this.savedDone >= ROWS_A_SAVE ||
      this.text.length >= MAX_LENGTH ||
      performance.now() - this.savedAt >= SAVE_EVERY_MS;
    if (isDue) await this.save();
  }

  /** Saves what there is, and the row that ended the job among the errors. */
  async close(extraErrors = 0): Promise<void> {
    this.errors += extraErrors;
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
