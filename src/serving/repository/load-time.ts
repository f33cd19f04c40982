import type { LoadTurn } from './load-queue.js';

/** Timers fire up to this much early. */
const TIMER_RESOLUTION_MS = 1;

/** A load took longer than LOAD_TIMEOUT_MS. It says nothing about the files: on a less busy machine they may load. */
export class LoadTimeoutError extends Error {
  constructor(ms: number, cause: unknown) {
    super(`its load took longer than LOAD_TIMEOUT_MS (${ms} ms); it is tried again`, { cause });
  }
}

/** The limits of a load. */
export interface LoadLimits {
  /** Milliseconds from the beginning of its turn. */
  readonly timeoutMs: number;
  /** Aborts the load. */
  readonly signal: AbortSignal;
  /** Waits for a turn; at once unless given. */
  readonly inTurn?: LoadTurn;
}

/**
 * Runs `load` when it is its turn. `load` takes its deadline in milliseconds as `performance.now()` counts, and must end by it.
 *
 * @throws LoadTimeoutError where it has failed because it ran out of time; its own errors; the reason of an abort
 */
export function runLoad<T>(
  load: (deadline: number) => Promise<T>,
  { timeoutMs, signal, inTurn = (work) => work() }: LoadLimits,
): Promise<T> {
  return inTurn(async () => {
    signal.throwIfAborted();
    const deadline = performance.now() + timeoutMs;
    try {
      return await load(deadline);
    } catch (error) {
      const isOutOfTime = !signal.aborted && performance.now() >= deadline - TIMER_RESOLUTION_MS;
      throw isOutOfTime ? new LoadTimeoutError(timeoutMs, error) : error;
    }
  });
}
