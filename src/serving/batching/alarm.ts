/** One timer for the earliest of many deadlines: a timer for each would be set and cleared with every prediction. */
export class Alarm {
  private at = Infinity;
  private timer: NodeJS.Timeout | undefined;

  /** @param ring finds out whose time has come, and sets the alarm for the others */
  constructor(private readonly ring: () => void) {}

  /** Rings at `deadline`, as `performance.now()` counts, or before; it does not keep the process alive. */
  set(deadline: number): void {
    if (deadline >= this.at) return;
    this.at = deadline;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.at = Infinity;
      this.ring();
    }, deadline - performance.now());
    this.timer.unref();
  }
}
