import { availableParallelism } from 'node:os';

/** Runs the load of a version when it is its turn. */
export type LoadTurn = <T>(load: () => Promise<T>) => Promise<T>;

/** Each load starts a process; with many at once, none would be ready in time. */
const CONCURRENT_LOADS = Math.max(2, Math.min(4, availableParallelism()));

interface WaitingLoad {
  readonly model: string;
  readonly start: () => void;
}

/**
 * Lets a few loads run at a time, in order of arrival. Those of a model that somebody waits for come first, and have a place of
 * their own, so that they never wait for the end of a slow load of another model.
 */
export class LoadQueue {
  private running = 0;
  private waiting: WaitingLoad[] = [];
  /** How many wait for a model, by its name. */
  private readonly wanted = new Map<string, number>();

  constructor(private readonly concurrency = CONCURRENT_LOADS) {}

  /** Resolves or rejects like `load`. */
  async run<T>(model: string, load: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      this.waiting.push({ model, start });
      this.startNext();
    });
    try {
      return await load();
    } finally {
      this.running -= 1;
      this.startNext();
    }
  }

  /** Lets the loads of a model come first while `work` waits for them. */
  async hurry<T>(model: string, work: () => Promise<T>): Promise<T> {
    this.want(model, 1);
    try {
      return await work();
    } finally {
      this.want(model, -1);
    }
  }

  private want(model: string, by: 1 | -1): void {
    const count = (this.wanted.get(model) ?? 0) + by;
    if (count > 0) this.wanted.set(model, count);
    else this.wanted.delete(model);
    this.startNext();
  }

  private startNext(): void {
    for (;;) {
      const wanted = this.waiting.find(({ model }) => this.wanted.has(model));
      const next = wanted ?? this.waiting[0];
      if (!next || this.running >= this.concurrency + (wanted ? 1 : 0)) return;
      this.waiting = this.waiting.filter((load) => load !== next);
      this.running += 1;
      next.start();
    }
  }
}
