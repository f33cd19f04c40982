import { DomainError, InvalidInputError, MalformedRequestError } from '../platform/http/index.js';
import { WEAK_PASSWORD_MESSAGE } from './members/weak-passwords.js';

/** The operation needs a login, and the request has no valid credential. */
export class NotAuthenticatedError extends DomainError {
  readonly kind = 'unauthenticated';
  readonly code = 'auth.required';
  override readonly headers = { 'WWW-Authenticate': 'Bearer' };

  constructor() {
    super('Log in with POST /auth/login, or send a valid API key as Authorization: Bearer <key>.');
  }
}

/** The caller is authenticated, but not authorized. */
export class ForbiddenError extends DomainError {
  readonly kind = 'forbidden';

  /** @param code dotted: `menu.not-owner` */
  constructor(
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

export class BadCredentialsError extends DomainError {
  readonly kind = 'unauthenticated';
  readonly code = 'auth.bad-credentials';
  override readonly headers = { 'WWW-Authenticate': 'Bearer' };

  constructor() {
    super('The e-mail or the password is wrong.');
  }
}

/** Too many failed attempts, by one address or on one account. */
export class TooManyFailuresError extends DomainError {
  readonly kind = 'rate-limited';
  readonly code = 'auth.too-many-failures';
  override readonly retryAfterSeconds: number;

  /** @param limit the name of the limit, for the security log only */
  constructor(
    readonly limit: string,
    waitMs: number,
  ) {
    const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
    super(`Too many attempts have failed. Try again in ${seconds} seconds.`);
    this.retryAfterSeconds = seconds;
  }
}

/** Too many passwords wait to be hashed. */
export class HashingBusyError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'auth.busy';
  override readonly retryAfterSeconds = 5;

  constructor() {
    super('Too many people are logging in just now. Nothing was changed; try again.');
  }
}

export class EmailTakenError extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'auth.email-taken';

  constructor() {
    super('There is a member with this e-mail already: log in instead, or use another one.');
  }
}

export class TlsRequiredError extends MalformedRequestError {
  override readonly code = 'auth.tls-required';

  constructor() {
    super(
      'Logging in needs HTTPS, because the session cookie is Secure. Where a proxy ends TLS, ' +
        'set TRUST_PROXY to the number of proxies and let them send X-Forwarded-Proto.',
    );
  }
}

export class SessionNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'auth.session-not-found';

  constructor(id: string) {
    super(`You have no session ${id}.`);
  }
}

export class ApiKeyNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'auth.api-key-not-found';

  constructor(id: string) {
    super(`You have no API key ${id}.`);
  }
}

export class TooManyApiKeysError extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'auth.too-many-api-keys';

  constructor(limit: number) {
    super(`A member may have ${limit} API keys: end one that is no longer needed.`);
  }
}

export function wrongPassword(): ForbiddenError {
  return new ForbiddenError('auth.wrong-password', 'The password is wrong. Nothing was changed.');
}

export function sessionRequired(): ForbiddenError {
  return new ForbiddenError('auth.session-required', 'An API key may not do this: log in and use the session.');
}

export function roleRequired(role: string): ForbiddenError {
  return new ForbiddenError('auth.forbidden', `This is for the role ${role}.`);
}

export const FRESH_SESSION_REQUIRED = 'auth.fresh-session-required';

export function freshSessionRequired(minutes: number): ForbiddenError {
  return new ForbiddenError(
    FRESH_SESSION_REQUIRED,
    `Log in again, and repeat this: it needs a password given within the last ${minutes} minutes.`,
  );
}

/** A new password that is too common, or equals the member's e-mail address. */
export function weakPassword(field: string): InvalidInputError {
  return new InvalidInputError([
    { location: ['body', field], type: 'common', message: `${field} ${WEAK_PASSWORD_MESSAGE}` },
  ]);
}
