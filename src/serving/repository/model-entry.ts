import type { Model } from './model.js';
import { RetryTimer } from './retry-timer.js';
import { fingerprintOf, type ModelFolder } from './scan-models.js';
import { SerialQueue } from './serial-queue.js';

/** A model and its folder. */
export class ModelEntry {
  /** Of the folder that is served, or that was tried last. */
  appliedFingerprint: string;
  /** The last poll did not find the folder. */
  isMissing = false;
  private readonly changes = new SerialQueue();
  private readonly retries = new RetryTimer();

  /** @param folder as last seen */
  constructor(
    readonly model: Model,
    public folder: ModelFolder,
  ) {
    this.appliedFingerprint = fingerprintOf(folder);
  }

  get isChanging(): boolean {
    return this.changes.isBusy;
  }

  /** Whether a load ran out of time, and should be tried again. */
  get hasRunOutOfTime(): boolean {
    return this.model.versions.some(({ hasRunOutOfTime }) => hasRunOutOfTime);
  }

  /** Runs a change after the ones before it. Resolves or rejects like `work`. */
  change(work: () => Promise<void>): Promise<void> {
    return this.changes.run(work);
  }

  /**
   * Calls `retry` after a pause where a load has run out of time.
   *
   * @returns the pause in milliseconds; undefined where there is nothing to try again
   */
  scheduleRetry(retry: () => void): number | undefined {
    if (this.hasRunOutOfTime) return this.retries.schedule(retry);
    this.retries.reset();
    return undefined;
  }

  endRetries(): void {
    this.retries.reset();
  }
}
