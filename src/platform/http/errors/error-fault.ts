import { DomainError, type DomainErrorKind } from './domain-error.js';

/**
 * What an error is due to: the content of the request (`input`), the way it was sent or its credentials (`request`), a
 * defect here (`server`), or a condition that passes by itself (`temporary`).
 */
export type ErrorFault = 'input' | 'request' | 'server' | 'temporary';

const FAULTS: Readonly<Record<DomainErrorKind, ErrorFault>> = {
  malformed: 'input',
  forbidden: 'input',
  'not-found': 'input',
  conflict: 'input',
  'too-large': 'input',
  invalid: 'input',
  unauthenticated: 'request',
  'method-not-allowed': 'request',
  'not-acceptable': 'request',
  timeout: 'request',
  stale: 'request',
  'unsupported-media-type': 'request',
  'expectation-failed': 'request',
  'headers-too-large': 'request',
  internal: 'server',
  'rate-limited': 'temporary',
  unavailable: 'temporary',
  deadline: 'temporary',
  'storage-full': 'temporary',
};

export function faultOf({ kind }: DomainError): ErrorFault {
  return FAULTS[kind];
}

/** Whether the caller is at fault, and the server is not. */
export function isCallerError(error: unknown): error is DomainError {
  if (!(error instanceof DomainError)) return false;
  const fault = faultOf(error);
  return fault === 'input' || fault === 'request';
}

/** Whether the same request may succeed later. */
export function isTemporaryError(error: unknown): error is DomainError {
  return error instanceof DomainError && faultOf(error) === 'temporary';
}
