import { DomainError } from '../../platform/http/index.js';
import type { JobCheckpoint, Progress, RunningJob } from '../job-handler.js';
import { JobLostError } from '../jobs.errors.js';
import type { ClaimedJob, JobQueue } from './job-queue.js';

/** A job while it is done here. */
export class HeldJob implements RunningJob {
  readonly id: string;
  readonly memberId: string;
  readonly payload: unknown;
  readonly inputId: string | undefined;
  progress: Progress;
  state: unknown;
  /** Whether nothing of it may be written here any more. */
  isLost = false;
  /** Whether anything of it has been saved here. */
  hasSaved = false;
  /** When the hold was last extended, as `performance.now()` counts. */
  extendedAt = performance.now();
  private resultId: string | undefined;
  private saving: Promise<unknown> = Promise.resolve();
  private readonly controller = new AbortController();

  constructor(
    readonly claim: ClaimedJob,
    private readonly queue: JobQueue,
  ) {
    ({
      id: this.id,
      memberId: this.memberId,
      payload: this.payload,
      inputId: this.inputId,
      progress: this.progress,
      state: this.state,
      resultId: this.resultId,
    } = claim);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  save(step: JobCheckpoint): Promise<void> {
    // One after the other, whatever the handler does: each goes on where the one before ended.
    const saved = this.saving.then(() => this.saveNow(step));
    this.saving = saved.catch(() => undefined);
    return saved;
  }

  /** Somebody else has it, or it is cancelled. */
  lose(): void {
    this.isLost = true;
    this.controller.abort(new JobLostError());
  }

  /** The application stops: the job is not to begin anything new. */
  stop(): void {
    this.controller.abort(new Error('The application stops'));
  }

  private async saveNow(step: JobCheckpoint): Promise<void> {
    if (this.isLost) throw new JobLostError();
    try {
      this.resultId = await this.queue.save(this.claim, step, this.resultId);
    } catch (error) {
      // Whether the database has done it nobody knows: the next attempt will go on from what is there.
      const isUnknown = error instanceof DomainError && error.kind === 'unavailable';
      if (error instanceof JobLostError || isUnknown) this.lose();
      throw error;
    }
    this.progress = step.progress ?? this.progress;
    if (step.state !== undefined) this.state = step.state;
    this.hasSaved = true;
    this.extendedAt = performance.now();
  }
}
