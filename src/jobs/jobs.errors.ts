import { DomainError } from '../platform/http/index.js';

export class JobNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'job.not-found';

  constructor() {
    super('You have no job with this id.');
  }
}

export class JobNotFinishedError extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'job.not-finished';

  constructor(status: string) {
    super(`Only a job that has succeeded has a result; this one is ${status}.`);
  }
}

export class NoCsvError extends DomainError {
  readonly kind = 'not-acceptable';
  readonly code = 'job.no-csv';

  constructor() {
    super('The result of this job is available as JSON lines only: request application/x-ndjson.');
  }
}

export class TooManyJobsError extends DomainError {
  readonly kind = 'rate-limited';
  readonly code = 'job.too-many';
  override readonly retryAfterSeconds = 30;

  constructor(limit: number) {
    super(`A member may have ${limit} unfinished jobs. Wait for one to finish, or cancel one.`);
  }
}

export class TooManyStreamsError extends DomainError {
  readonly kind = 'rate-limited';
  readonly code = 'job.too-many-streams';
  override readonly retryAfterSeconds = 10;

  constructor(limit: number) {
    super(`A member may follow ${limit} jobs at once. Close a stream, or poll GET /jobs/{id}.`);
  }
}

export class IdempotencyKeyReusedError extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'job.idempotency-key-reused';

  constructor() {
    super('This Idempotency-Key was sent with another request before. Send a new key with each new request.');
  }
}

/** The lease is lost: another runner has claimed the job, or it was cancelled or removed. Internal. */
export class JobLostError extends Error {
  constructor() {
    super('This runner no longer holds the lease of the job');
    this.name = 'JobLostError';
  }
}
