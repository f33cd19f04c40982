const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** Tries something again after a pause that doubles with each try. Does not keep the process alive. */
export class RetryTimer {
  private pauseMs = MIN_PAUSE_MS;
  private timer: NodeJS.Timeout | undefined;

  /** @returns the pause in milliseconds */
  schedule(retry: () => void): number {
    const { pauseMs } = this;
    clearTimeout(this.timer);
    this.timer = setTimeout(retry, pauseMs).unref();
    this.pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    return pauseMs;
  }

  /** Ends the retries; the next pause is the shortest again. */
  reset(): void {
    clearTimeout(this.timer);
    this.pauseMs = MIN_PAUSE_MS;
  }
}
