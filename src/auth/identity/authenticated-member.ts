/** The member who makes a request, and the credential that authenticated the request. */
export interface AuthenticatedMember {
  /** The member's id, a UUID. */
  readonly id: string;
  readonly role: 'member' | 'admin';
  readonly via: 'session' | 'api-key';
  /** Time of the password check that began the session, in milliseconds since the epoch; undefined for an API key. */
  readonly loggedInAt?: number;
}

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by `IdentityService` once the request is authenticated. */
    authenticatedMember?: AuthenticatedMember;
  }
}
