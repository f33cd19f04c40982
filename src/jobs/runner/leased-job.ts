import { DomainError } from '../../platform/http/index.js';
import type { JobCheckpoint, Progress, RunningJob } from '../job-handler.js';
import { JobLostError } from '../jobs.errors.js';
import type { ClaimedJob, JobQueue } from './job-queue.js';

/** A job while this process runs it. */
export class LeasedJob implements RunningJob {
  readonly id: string;
  readonly memberId: string;
  readonly payload: unknown;
  readonly inputId: string | undefined;
  progress: Progress;
  state: unknown;
  /** Once the lease is lost, nothing more may be written here. */
  isLost = false;
  /** Whether this run has saved a checkpoint. */
  hasProgress = false;
  /** When the lease was last renewed, in `performance.now()` time. */
  renewedAt = performance.now();
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

  save(checkpoint: JobCheckpoint): Promise<void> {
    // Serialised even if the handler does not wait: each checkpoint appends to the result of the one before.
    const saved = this.saving.then(() => this.saveNow(checkpoint));
    this.saving = saved.catch(() => undefined);
    return saved;
  }

  /** Another runner has claimed the job, or it was cancelled. */
  lose(): void {
    this.isLost = true;
    this.controller.abort(new JobLostError());
  }

  /** The application stops: the job must not begin anything new. */
  stop(): void {
    this.controller.abort(new Error('The application stops'));
  }

  private async saveNow(checkpoint: JobCheckpoint): Promise<void> {
    if (this.isLost) throw new JobLostError();
    try {
      this.resultId = await this.queue.save(this.claim, checkpoint, this.resultId);
    } catch (error) {
      // The commit may have happened although the connection failed. The next run resumes from the last committed checkpoint.
      const isUncertain = error instanceof DomainError && error.kind === 'unavailable';
      if (error instanceof JobLostError || isUncertain) this.lose();
      throw error;
    }
    this.progress = checkpoint.progress ?? this.progress;
    if (checkpoint.state !== undefined) this.state = checkpoint.state;
    this.hasProgress = true;
    this.renewedAt = performance.now();
  }
}
