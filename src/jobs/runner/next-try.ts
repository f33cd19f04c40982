import { DomainError, InvalidInputError, isTemporaryError } from '../../platform/http/index.js';
import type { JobErrorDto } from '../dto/job.dto.js';

/** How often in a row a job may throw before it has failed. */
const MAX_ATTEMPTS = 5;
/** And how often it may end the process, or be left by it, before anything was saved. */
export const MAX_FRUITLESS = 20;
/** For so long what passes by itself is waited for. */
const MAX_PASSING_MS = 86_400_000;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 60_000;

/** What a job that has thrown has behind it. */
export interface Tries {
  /** How often in a row it had thrown before. */
  readonly attempts: number;
  /** When anything of it was last saved, or it was taken up without having thrown since; in milliseconds. */
  readonly since: number;
}

/** Either it has failed, or it is tried again later. */
export type Verdict = { readonly failure: JobErrorDto } | { readonly delayMs: number; readonly attempts: number };

/**
 * What follows from an error.
 *
 * @param random from 0 to 1: so that jobs that failed together do not all come back together
 */
export function judge(error: unknown, { attempts, since }: Tries, random = Math.random()): Verdict {
  const tries = attempts + 1;
  const isTemporary = isTemporaryError(error);
  if (error instanceof DomainError && (!isTemporary || Date.now() - since > MAX_PASSING_MS)) {
    return { failure: failureOf(error) };
  }
  if (!isTemporary && tries >= MAX_ATTEMPTS) return { failure: gaveUp(tries) };
  const backOff = Math.min(FIRST_DELAY_MS * 2 ** attempts, MAX_DELAY_MS);
  const asked = isTemporary ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
  return { delayMs: Math.max(backOff, asked) * (1 + random / 4), attempts: tries };
}

/** Of a job that was taken up again and again, and never got anywhere. */
export function wornOut(times: number): JobErrorDto {
  return { code: 'job.worn-out', detail: `The job was begun ${times} times and never got anywhere.` };
}

export function noHandler(kind: string): JobErrorDto {
  return { code: 'job.no-handler', detail: `Nothing here does jobs of the kind "${kind}".` };
}

function failureOf(error: DomainError): JobErrorDto {
  const errors = error instanceof InvalidInputError ? error.errors : undefined;
  return { code: error.code, detail: error.message, ...(errors && { errors }) };
}

/** What went wrong is in the log, and not for clients. */
function gaveUp(times: number): JobErrorDto {
  return { code: 'job.failed', detail: `Something went wrong here, ${times} times in a row. Try again later.` };
}
