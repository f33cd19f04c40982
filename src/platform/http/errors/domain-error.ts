/** What went wrong, in the words of the domain; the problem filter alone knows which HTTP status each is. */
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

/** An error that a client may read. `code` is stable and dotted; the message says what is wrong and what to do. */
export abstract class DomainError extends Error {
  abstract readonly kind: DomainErrorKind;
  abstract readonly code: string;
  /** When trying again makes sense. */
  readonly retryAfterSeconds?: number;
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Keeps what a domain error was made of for the log; clients are not told. */
export function withCause<E extends DomainError>(error: E, cause: unknown): E {
  error.cause = cause;
  return error;
}

/** One broken field: where it stands, which rule it breaks, and in words what is expected. */
export interface FieldError {
  /** `["body", "instances", 3, "price"]`, `["query", "limit"]`, `["path", "id"]` */
  readonly location: readonly (string | number)[];
  readonly type: string;
  readonly message: string;
}

/** A request with everything wrong in it is not answered with everything. */
const MAX_ERRORS = 100;

/** A well-formed request that breaks a rule: one entry for each broken field. */
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
