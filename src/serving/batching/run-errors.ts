import type { DomainError } from '../../platform/http/index.js';
import { ResponseTooLargeError, RunFailedOnRowError, RuntimeLostError } from '../serving.errors.js';
import { RunFailedError, TooLargeAnswerError } from '../runtime/runtime-process.js';

/** What callers are told of a run that went wrong; what the runtime said of it is the cause, for the log. */
export function inWords(error: Error): DomainError {
  if (error instanceof TooLargeAnswerError) return new ResponseTooLargeError(error);
  return error instanceof RunFailedError ? new RunFailedOnRowError(error) : new RuntimeLostError(error);
}
