interface LaneRules {
  /** How many works go on side by side. */
  readonly lanes: number;
  /** How many may wait for a lane; one more is refused. */
  readonly waiting: number;
  /** What is thrown then. */
  readonly refusal: () => Error;
}

/** For work that takes a core, or much memory, for its time: some at once, the next ones in their order, and no more. */
export class Lanes {
  private busy = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly rules: LaneRules) {}

  /** @throws the refusal, or what the work does */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const { lanes, waiting, refusal } = this.rules;
    if (this.busy < lanes) this.busy += 1;
    else if (this.waiting.length < waiting) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else throw refusal();
    try {
      return await work();
    } finally {
      // Who waits takes over the lane, so that nobody comes between.
      const next = this.waiting.shift();
      if (next) next();
      else this.busy -= 1;
    }
  }
}
