interface ConcurrencyLimits {
  /** Maximum number of tasks that run at once. */
  readonly concurrency: number;
  /** Maximum number of tasks that wait for a slot; `overflowError` rejects any further one. */
  readonly maxQueued: number;
  readonly overflowError: () => Error;
}

/** Bounds tasks that occupy a core, or much memory: runs `concurrency` of them, queues `maxQueued` in order of arrival, rejects the rest. */
export class ConcurrencyLimiter {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly limits: ConcurrencyLimits) {}

  /** @throws `overflowError`; any error of the task */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const { concurrency, maxQueued, overflowError } = this.limits;
    if (this.running < concurrency) this.running += 1;
    else if (this.queue.length < maxQueued) await new Promise<void>((resolve) => this.queue.push(resolve));
    else throw overflowError();
    try {
      return await task();
    } finally {
      // The next task inherits the slot, so that a newcomer cannot take it first.
      const next = this.queue.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
