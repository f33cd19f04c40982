import { DomainError, InvalidInputError, isTemporaryError } from '../../platform/http/index.js';
import type { JobErrorDto } from '../dto/job.dto.js';

/** Consecutive errors without a checkpoint after which a job fails. Temporary errors do not count. */
const MAX_ATTEMPTS = 5;
/** Consecutive claims that ended with the process, without a checkpoint, after which a job fails. */
export const MAX_ATTEMPTS_WITHOUT_PROGRESS = 20;
/** A job fails once a temporary error has kept it from a checkpoint for so long. */
const MAX_TEMPORARY_MS = 86_400_000;
/** Exponential back-off: doubles with each attempt, between these bounds. */
const MIN_DELAY_MS = 250;
const MAX_DELAY_MS = 60_000;
/** Adds up to a quarter of the delay, so that jobs that failed together are not retried together. */
const JITTER = 1 / 4;

export interface RetryHistory {
  /** Consecutive errors since the last checkpoint. */
  readonly attempts: number;
  /** Time of the last checkpoint, or of the last claim without a preceding error; ms since the epoch. */
  readonly since: number;
}

/** Fail the job, or retry it after a delay. */
export type RetryDecision = { readonly failure: JobErrorDto } | { readonly delayMs: number; readonly attempts: number };

/** @param random from 0 to 1, for the jitter */
export function decideRetry(
  error: unknown,
  { attempts: previous, since }: RetryHistory,
  random = Math.random(),
): RetryDecision {
  const attempts = previous + 1;
  const isTemporary = isTemporaryError(error);
  if (error instanceof DomainError && (!isTemporary || Date.now() - since > MAX_TEMPORARY_MS)) {
    return { failure: describeFailure(error) };
  }
  if (!isTemporary && attempts >= MAX_ATTEMPTS) return { failure: repeatedFailure(attempts) };
  const backOffMs = Math.min(MIN_DELAY_MS * 2 ** previous, MAX_DELAY_MS);
  const retryAfterMs = isTemporary ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
  return { delayMs: Math.max(backOffMs, retryAfterMs) * (1 + random * JITTER), attempts };
}

export function maxAttemptsExceeded(): JobErrorDto {
  const detail = `The job was started ${MAX_ATTEMPTS_WITHOUT_PROGRESS} times without progress.`;
  return { code: 'job.worn-out', detail };
}

export function missingHandler(kind: string): JobErrorDto {
  return { code: 'job.no-handler', detail: `No handler is registered for jobs of the kind "${kind}".` };
}

function describeFailure(error: DomainError): JobErrorDto {
  const errors = error instanceof InvalidInputError ? error.errors : undefined;
  return { code: error.code, detail: error.message, ...(errors && { errors }) };
}

/** Hides the cause, which is in the log and not meant for clients. */
function repeatedFailure(attempts: number): JobErrorDto {
  return { code: 'job.failed', detail: `Something went wrong here, ${attempts} times in a row. Try again later.` };
}
