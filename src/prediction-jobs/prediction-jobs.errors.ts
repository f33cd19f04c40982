import { DomainError, type DomainErrorKind, withCause } from '../platform/http/index.js';

export class TooManyJobRowsError extends DomainError {
  readonly kind = 'too-large';
  readonly code = 'job.too-many-rows';

  constructor(max: number) {
    super(`A job may have at most ${max} rows (JOB_MAX_ROWS). Send the rest as further jobs.`);
  }
}

/** A job uses one version for all rows, and that version was replaced or removed. */
export class JobVersionGoneError extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'job.version-gone';

  constructor(model: string, version: string) {
    super(
      `Version ${version} of "${model}" was replaced after this job was created. Send the input again as a new job.`,
    );
  }
}

/** The error that ended a job, with the row that caused it. */
export class RowFailedError extends DomainError {
  readonly kind: DomainErrorKind;
  readonly code: string;

  constructor(position: string, { kind, code, message, cause }: DomainError) {
    super(`${position}: ${message}`);
    this.kind = kind;
    this.code = code;
    if (cause) withCause(this, cause);
  }
}
