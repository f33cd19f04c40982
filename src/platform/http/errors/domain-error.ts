/** The kind of an error in terms of the domain. Only the problem filter maps it to an HTTP status. */
export type DomainErrorKind =
  | 'malformed'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'timeout'
  | 'conflict'
  | 'stale'
  | 'too-large'
  | 'unsupported-media-type'
  | 'expectation-failed'
  | 'invalid'
  | 'rate-limited'
  | 'headers-too-large'
  | 'internal'
  | 'unavailable'
  | 'deadline'
  | 'storage-full';

/** An error whose message is sent to the client. `code` is stable and dotted. The message states the error and its remedy. */
export abstract class DomainError extends Error {
  abstract readonly kind: DomainErrorKind;
  abstract readonly code: string;
  /** Time after which a retry may succeed. */
  readonly retryAfterSeconds?: number;
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Attaches the cause of a domain error. It is logged and never sent to the client. */
export function withCause<E extends DomainError>(error: E, cause: unknown): E {
  error.cause = cause;
  return error;
}

/** A field that is not valid: its location, the rule that it breaks, and a message with the expected value. */
export interface FieldError {
  /** `["body", "instances", 3, "price"]`, `["query", "limit"]`, `["path", "id"]` */
  readonly location: readonly (string | number)[];
  readonly type: string;
  readonly message: string;
}

/** Maximum number of field errors in a response. */
export const MAX_ERRORS = 100;

/** A well-formed request with invalid fields: one entry for each of them. */
export class InvalidInputError extends DomainError {
  readonly kind = 'invalid';
  readonly code: string = 'request.invalid';

  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super(errors.length === 1 ? (errors[0]?.message ?? '') : `${errors.length} fields are wrong; see errors.`);
    this.errors = errors.slice(0, MAX_ERRORS);
  }
}

export class MalformedRequestError extends DomainError {
  readonly kind = 'malformed';
  readonly code: string = 'request.malformed';
}

export class PayloadTooLargeError extends DomainError {
  readonly kind = 'too-large';
  readonly code = 'request.too-large';
}

export class UnsupportedMediaTypeError extends DomainError {
  readonly kind = 'unsupported-media-type';
  readonly code = 'request.unsupported-media-type';
}
