const INTERVAL_MS = 10_000;

/** Limits a log line that could be written for every request to one in 10 seconds. */
export class LogThrottle {
  private loggedAt = -Infinity;

  /** Whether the line is due now. */
  shouldLog(): boolean {
    const now = performance.now();
    if (now - this.loggedAt < INTERVAL_MS) return false;
    this.loggedAt = now;
    return true;
  }
}
