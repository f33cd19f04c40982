import { DomainError, withCause } from '../platform/http/index.js';

export class TooManyPredictionsError extends DomainError {
  readonly kind = 'rate-limited';
  readonly code = 'model.rate-limited';
  override readonly retryAfterSeconds: number;

  constructor(perMinute: number, waitMs: number) {
    const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
    super(`At most ${perMinute} prediction requests a minute are allowed. Try again in ${seconds} seconds.`);
    this.retryAfterSeconds = seconds;
  }
}

/** A pipeline made an invalid row from a valid input. The log has the cause; the response does not. */
export class PipelineFailedError extends DomainError {
  readonly kind = 'internal';
  readonly code = 'model.pipeline-failed';

  constructor(cause: Error) {
    super('The input could not be prepared for the model. Quote the request id when you report it.');
    withCause(this, cause);
  }
}
