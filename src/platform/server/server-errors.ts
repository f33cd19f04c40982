import { DomainError } from '../http/index.js';

/** The request did not arrive in time. */
export class RequestTimeoutError extends DomainError {
  readonly kind = 'timeout';
  readonly code = 'request.timeout';

  constructor() {
    super('The request took too long to arrive.');
  }
}

export class HeadersTooLargeError extends DomainError {
  readonly kind = 'headers-too-large';
  readonly code = 'request.headers-too-large';

  constructor() {
    super('The headers are too large, or too many.');
  }
}

export class ExpectationFailedError extends DomainError {
  readonly kind = 'expectation-failed';
  readonly code = 'request.expectation-failed';

  constructor() {
    super('Expect can only be 100-continue.');
  }
}

/** The process cannot handle the request in time. */
export class ServerOverloadedError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'server.overloaded';
  override readonly retryAfterSeconds = 1;

  constructor() {
    super('More is asked than can be answered in time; try again later.');
  }
}
