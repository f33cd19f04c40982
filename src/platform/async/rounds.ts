/** Work done every so often and when nudged: never twice at once, and no more once it is stopped. */
export class Rounds {
  /** To be looked at by work that takes long. */
  isStopping = false;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private isWanted = false;

  /** @param work a round; must not throw */
  constructor(
    private readonly everyMs: number,
    private readonly work: () => Promise<void>,
  ) {}

  /** The first comes when what goes on just now is over. */
  start(): void {
    this.timer = setInterval(() => this.nudge(), this.everyMs).unref();
    setImmediate(() => this.nudge());
  }

  /** There may be something to do: a round that goes on is followed by another. */
  nudge(): void {
    this.isWanted = true;
    this.working ??= this.go();
  }

  /** The round that goes on is the last. */
  stop(): void {
    this.isStopping = true;
    clearInterval(this.timer);
  }

  /** Resolves when no round goes on. */
  async ended(): Promise<void> {
    await this.working;
  }

  private async go(): Promise<void> {
    while (this.isWanted && !this.isStopping) {
      this.isWanted = false;
      await this.work();
    }
    this.working = undefined;
  }
}
