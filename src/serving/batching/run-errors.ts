import type { DomainError } from '../../platform/http/index.js';
import { ResponseTooLargeError, ModelRunFailedError, RuntimeLostError } from '../serving.errors.js';
import { RunFailedError, OutputTooLargeError } from '../runtime/runtime-process.js';

/** What callers are told of a run that went wrong; what the runtime said of it is the cause, for the log. */
export function inWords(error: Error): DomainError {
  if (error instanceof OutputTooLargeError) return new ResponseTooLargeError(error);
  return error instanceof RunFailedError ? new ModelRunFailedError(error) : new RuntimeLostError(error);
}
