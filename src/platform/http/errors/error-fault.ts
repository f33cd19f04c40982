import { DomainError, type DomainErrorKind } from './domain-error.js';

/**
 * What an error is due to: the content of the request (`input`), its credentials or media type (`request`), the HTTP
 * exchange, before a handler runs (`protocol`), a defect here (`server`), or a condition that passes by itself
 * (`temporary`).
 */
export type ErrorFault = 'input' | 'request' | 'protocol' | 'server' | 'temporary';

const FAULTS: Readonly<Record<DomainErrorKind, ErrorFault>> = {
  malformed: 'input',
  forbidden: 'input',
  'not-found': 'input',
  conflict: 'input',
  'too-large': 'input',
  invalid: 'input',
  unauthenticated: 'request',
  'method-not-allowed': 'protocol',
  'not-acceptable': 'protocol',
  timeout: 'protocol',
  stale: 'protocol',
  'unsupported-media-type': 'request',
  'expectation-failed': 'protocol',
  'headers-too-large': 'protocol',
  internal: 'server',
  'rate-limited': 'temporary',
  unavailable: 'temporary',
  deadline: 'temporary',
  'storage-full': 'temporary',
};

export function faultOf({ kind }: DomainError): ErrorFault {
  return FAULTS[kind];
}

/** Whether the caller is at fault, in the content, the credentials or the media type of a request that reached its handler. */
export function isCallerError(error: unknown): error is DomainError {
  if (!(error instanceof DomainError)) return false;
  const fault = faultOf(error);
  return fault === 'input' || fault === 'request';
}

/** Whether the same request may succeed later. */
export function isTemporaryError(error: unknown): error is DomainError {
  return error instanceof DomainError && faultOf(error) === 'temporary';
}
