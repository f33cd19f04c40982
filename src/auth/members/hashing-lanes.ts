import { availableParallelism } from 'node:os';
import { HashingBusyError } from '../auth.errors.js';

/** Of the four threads that Node does files and names on, one stays free. */
const MAX_LANES = 3;
/** For each lane; at some 25 ms for each, the last waits for five seconds. */
const MAX_WAITING = 200;

/** Hashing takes 19 MiB and a core for its time: all but one core may be at it, and what cannot be done soon is refused. */
export class HashingLanes {
  private readonly size: number;
  private busy = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(cores = availableParallelism()) {
    this.size = Math.min(MAX_LANES, Math.max(1, cores - 1));
  }

  /** @throws HashingBusyError */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting.length >= this.size * MAX_WAITING) throw new HashingBusyError();
    if (this.busy === this.size) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.busy += 1;
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
