/** The slots of one key: the failures that its limit still allows. */
export interface SlotLimit {
  readonly key: string;
  readonly slots: number;
}

interface Reserved {
  count: number;
  /** Resolvers of the callers that wait for a release. */
  readonly waiting: (() => void)[];
}

/**
 * Slots reserved by attempts whose outcome is not known yet. Without reservations, a hundred guesses sent at once would all
 * pass the same check of the failures so far.
 */
export class Reservations {
  private readonly reserved = new Map<string, Reserved>();

  /** Reserves one slot of every limit, and returns the function that releases them; undefined if one limit is exhausted. */
  tryReserve(limits: readonly SlotLimit[]): (() => void) | undefined {
    if (this.findExhausted(limits) !== undefined) return undefined;
    for (const { key } of limits) this.increment(key);
    return () => {
      for (const { key } of limits) this.release(key);
    };
  }

  /** Resolves at the next release of a slot of an exhausted limit; at once if none is exhausted. */
  waitForRelease(limits: readonly SlotLimit[]): Promise<void> {
    const exhausted = this.findExhausted(limits);
    if (exhausted === undefined) return Promise.resolve();
    return new Promise((resolve) => this.reserved.get(exhausted.key)!.waiting.push(resolve));
  }

  private findExhausted(limits: readonly SlotLimit[]): SlotLimit | undefined {
    return limits.find(({ key, slots }) => (this.reserved.get(key)?.count ?? 0) >= slots);
  }

  private increment(key: string): void {
    const reserved = this.reserved.get(key) ?? { count: 0, waiting: [] };
    reserved.count += 1;
    this.reserved.set(key, reserved);
  }

  private release(key: string): void {
    const reserved = this.reserved.get(key)!;
    reserved.count -= 1;
    if (reserved.count === 0) this.reserved.delete(key);
    // Wakes all waiting callers: after a failure some limits may be used up.
    for (const wake of reserved.waiting.splice(0)) wake();
  }
}
