/** One timer for the earliest of many deadlines, because a timer for each would be set and cleared with each prediction. */
export class DeadlineTimer {
  private at = Infinity;
  private timer: NodeJS.Timeout | undefined;

  /** @param expire handles the deadlines that have passed, and sets the timer for the others */
  constructor(private readonly expire: () => void) {}

  /** Fires at `deadline`, in milliseconds as `performance.now()` counts, or before. Does not keep the process alive. */
  set(deadline: number): void {
    if (deadline >= this.at) return;
    this.at = deadline;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.at = Infinity;
      this.expire();
    }, deadline - performance.now());
    this.timer.unref();
  }
}
