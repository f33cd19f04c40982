/** Runs a task at an interval, and earlier when woken. Runs never overlap. */
export class PeriodicTask {
  /** A long run checks this flag and returns early. */
  isStopping = false;
  private timer: NodeJS.Timeout | undefined;
  private currentRun: Promise<void> | undefined;
  private isDue = false;

  /** @param run must not reject */
  constructor(
    private readonly intervalMs: number,
    private readonly run: () => Promise<void>,
  ) {}

  /** Schedules the first run for the next turn of the event loop. */
  start(): void {
    this.timer = setInterval(() => this.wake(), this.intervalMs).unref();
    setImmediate(() => this.wake());
  }

  /** Starts a run now, or after the current one. */
  wake(): void {
    this.isDue = true;
    this.currentRun ??= this.runWhileDue();
  }

  /** Lets the current run finish and starts no other. */
  stop(): void {
    this.isStopping = true;
    clearInterval(this.timer);
  }

  /** Resolves when the current run has finished. */
  async finished(): Promise<void> {
    await this.currentRun;
  }

  private async runWhileDue(): Promise<void> {
    while (this.isDue && !this.isStopping) {
      this.isDue = false;
      await this.run();
    }
    this.currentRun = undefined;
  }
}
