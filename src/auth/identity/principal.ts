/** Who makes a request, and what they came in with. */
export interface Principal {
  /** The member's id, a UUID. */
  readonly id: string;
  readonly role: 'member' | 'admin';
  readonly via: 'session' | 'api-key';
}

declare module 'express-serve-static-core' {
  interface Request {
    /** Set once the caller has been identified. */
    principal?: Principal;
  }
}
