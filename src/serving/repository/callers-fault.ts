import { DomainError, type DomainErrorKind } from '../../platform/http/index.js';

/** What was asked for cannot be done, by whichever model: that is no failure of this one. */
const CALLERS_FAULTS: readonly DomainErrorKind[] = [
  'malformed',
  'invalid',
  'too-large',
  'unsupported-media-type',
  'unauthenticated',
  'forbidden',
  'not-found',
  'conflict',
];

export function isCallersFault(error: unknown): boolean {
  return error instanceof DomainError && CALLERS_FAULTS.includes(error.kind);
}
