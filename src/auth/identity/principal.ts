/** Who makes a request, and what they came in with. */
export interface Principal {
  /** The member's id, a UUID. */
  readonly id: string;
  readonly role: 'member' | 'admin';
  readonly via: 'session' | 'api-key';
  /** When the password was given that began the session, as `Date.now()` counts; an API key has none. */
  readonly loggedInAt?: number;
}

declare module 'express-serve-static-core' {
  interface Request {
    /** Set once the caller has been identified. */
    principal?: Principal;
  }
}
