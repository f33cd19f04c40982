import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionError, RefusedError } from './api.js';

/** An application that is being restarted is back by then. */
const PATIENCE_MS = 120_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;

/**
 * Does what may be done again until it succeeds: after a connection that broke, and when the application says that it may
 * be tried again.
 *
 * @param note told why it is to be tried again, each time that the reason is another
 */
export async function patiently<T>(
  work: () => Promise<T>,
  note: (why: string) => void,
  signal: AbortSignal,
): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  let pause = FIRST_PAUSE_MS;
  let noted: string | undefined;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isPassing(error) || performance.now() + pause > end) throw error;
      if (noted !== error.message) note(`${error.message} Trying again.`);
      noted = error.message;
      await delay(Math.max(pause, waitOf(error)), undefined, { signal });
      pause = Math.min(pause * 2, MAX_PAUSE_MS);
    }
  }
}

function isPassing(error: unknown): error is ConnectionError | RefusedError {
  if (error instanceof ConnectionError) return true;
  return error instanceof RefusedError && error.retryAfterSeconds !== undefined;
}

function waitOf(error: ConnectionError | RefusedError): number {
  return error instanceof RefusedError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
}
