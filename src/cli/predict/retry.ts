import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, ConnectionError } from './api-client.js';

/** Longer than a restart of the application takes. */
const RETRY_TIMEOUT_MS = 120_000;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;

/**
 * Retries an idempotent request with exponential backoff: after a connection error, or a response with `Retry-After`.
 *
 * @param onRetry called with the reason of a retry, if it differs from that of the one before
 * @throws the last error, if it is not transient or the time is over
 */
export async function withRetry<T>(
  work: () => Promise<T>,
  onRetry: (reason: string) => void,
  signal: AbortSignal,
): Promise<T> {
  const end = performance.now() + RETRY_TIMEOUT_MS;
  let backoff = FIRST_DELAY_MS;
  let reported: string | undefined;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isTransient(error) || performance.now() + backoff > end) throw error;
      if (reported !== error.message) onRetry(`${error.message} Retrying.`);
      reported = error.message;
      await delay(Math.max(backoff, retryAfterMs(error)), undefined, { signal });
      backoff = Math.min(backoff * 2, MAX_DELAY_MS);
    }
  }
}

function isTransient(error: unknown): error is ConnectionError | ApiError {
  if (error instanceof ConnectionError) return true;
  return error instanceof ApiError && error.retryAfterSeconds !== undefined;
}

function retryAfterMs(error: ConnectionError | ApiError): number {
  return error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
}
