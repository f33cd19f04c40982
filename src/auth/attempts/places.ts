/** How many may be at something at once, and what it is. */
export interface Room {
  readonly key: string;
  readonly size: number;
}

interface Occupied {
  count: number;
  /** Called when one of them leaves. */
  readonly waiting: (() => void)[];
}

/**
 * Attempts that are being made, of which nobody knows yet whether they will fail. Were they not counted too, a hundred
 * guesses sent at once would all be let in by the same look at what has failed so far.
 */
export class Places {
  private readonly occupied = new Map<string, Occupied>();

  /** A place in every one of the rooms, given back by calling what is answered; undefined where one of them is full. */
  take(rooms: readonly Room[]): (() => void) | undefined {
    if (rooms.some(({ key, size }) => (this.occupied.get(key)?.count ?? 0) >= size)) return undefined;
    for (const { key } of rooms) this.enter(key);
    return () => {
      for (const { key } of rooms) this.leave(key);
    };
  }

  /** Resolves when somebody leaves one of the rooms that are full. */
  change(rooms: readonly Room[]): Promise<void> {
    const full = rooms.find(({ key, size }) => (this.occupied.get(key)?.count ?? 0) >= size);
    if (!full) return Promise.resolve();
    return new Promise((resolve) => this.occupied.get(full.key)!.waiting.push(resolve));
  }

  private enter(key: string): void {
    const room = this.occupied.get(key) ?? { count: 0, waiting: [] };
    room.count += 1;
    this.occupied.set(key, room);
  }

  private leave(key: string): void {
    const room = this.occupied.get(key)!;
    room.count -= 1;
    if (room.count === 0) this.occupied.delete(key);
    // All of them look again: some may find that too much has failed by now.
    for (const wake of room.waiting.splice(0)) wake();
  }
}
