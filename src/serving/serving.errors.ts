import { DomainError, withCause } from '../platform/http/index.js';

/** Clients are asked to come back after this many seconds where nothing better is known. */
const RETRY_AFTER_SECONDS = 1;

export class ModelNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'model.not-found';

  constructor(name: string) {
    super(`There is no model "${name}". GET /models lists those there are.`);
  }
}

export class VersionNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'model.version-not-found';

  constructor(name: string, version: string) {
    super(`The model "${name}" has no version ${version}. GET /models/${name} lists those there are.`);
  }
}

export class ModelNotReadyError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'model.not-ready';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  /** @param name of the model, with its version where one was asked for: `iris`, `iris/1` */
  constructor(name: string, state: string) {
    super(`The model "${name}" is not ready: ${state}.`);
  }
}

export class VersionNotReadyError extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'model.version-not-ready';

  constructor(name: string, version: string, state: string) {
    super(`Version ${version} of "${name}" is ${state}; only a ready version can become the default.`);
  }
}

export class QueueFullError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'model.queue-full';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  constructor(length: number) {
    super(`${length} predictions are waiting for this model already. Try again in a moment.`);
  }
}

/** It would only have waited until its deadline. */
export class OverloadedError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'model.overloaded';
  override readonly retryAfterSeconds: number;

  constructor(waiting: number, predictedMs: number, allowedMs: number) {
    const [predicted, allowed] = [predictedMs, allowedMs].map((ms) => Math.max(0, Math.ceil(ms)));
    super(`${waiting} predictions wait before this one: about ${predicted} ms, and it has ${allowed} ms. Try later.`);
    this.retryAfterSeconds = Math.max(RETRY_AFTER_SECONDS, Math.ceil(predictedMs / 1000));
  }
}

/** It was let in, and those before it took longer than was foreseen. */
export class QueueDelayExceededError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'model.overloaded';
  override readonly retryAfterSeconds: number;

  constructor(waitedMs: number) {
    super(
      `The predictions before this one took longer than foreseen: after ${Math.round(waitedMs)} ms in line there is no time left for it. Try later.`,
    );
    this.retryAfterSeconds = Math.max(RETRY_AFTER_SECONDS, Math.ceil(waitedMs / 1000));
  }
}

export class RuntimeLostError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'model.runtime-died';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  constructor(cause: Error) {
    super('The model stopped working during this prediction and is being restarted. Try again in a moment.');
    withCause(this, cause);
  }
}

/** Nobody waits for the answer any more. */
export class ClientGoneError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'request.abandoned';

  constructor() {
    super('The client went away before the prediction was made.');
  }
}

export class DeadlineError extends DomainError {
  readonly kind = 'deadline';
  readonly code = 'model.deadline';

  constructor() {
    super('The prediction was not ready in time (DEADLINE_MS, or the timeout that was asked for).');
  }
}

/** The model failed on a valid row; what its runtime said of that is in the log only. */
export class ModelRunFailedError extends DomainError {
  readonly kind = 'internal';
  readonly code = 'model.run-failed';

  constructor(cause: Error) {
    super('The model failed on this input. Quote the request id when you report it.');
    withCause(this, cause);
  }
}

export class ResponseTooLargeError extends DomainError {
  readonly kind = 'too-large';
  readonly code = 'predict.answer-too-large';

  /** @param cause where it was found out by a runtime */
  constructor(cause?: Error) {
    super(
      'The answer to this input holds more values than one answer may (ANSWER_MAX_ELEMENTS). Ask for less at once.',
    );
    if (cause) withCause(this, cause);
  }
}

/** Nothing of a model could be loaded; the message says why. */
export class ModelLoadFailedError extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'model.load-failed';
}

export class TooManyElementsError extends DomainError {
  readonly kind = 'too-large';
  readonly code = 'predict.too-many-elements';

  constructor(max: number) {
    super(`One request may hold at most ${max} values. Send the rest in further requests.`);
  }
}

export class TooManyRowsError extends DomainError {
  readonly kind = 'too-large';
  readonly code = 'predict.too-many-rows';

  constructor(max: number) {
    super(`One request may hold at most ${max} rows. Send the rest in further requests.`);
  }
}

/** More pictures wait to be decoded than could be soon. */
export class ImageDecoderBusyError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'predict.images-busy';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  constructor() {
    super('Too many pictures are being decoded just now. Try again in a moment.');
  }
}

/** A tensor that is not what the model takes; the message says which, and what it must be. */
export class InvalidTensorError extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'model.wrong-tensor';
}

/** The model has answered, but not with what can be written down. */
export class NonFiniteOutputError extends DomainError {
  readonly kind = 'internal';
  readonly code = 'model.answer-not-finite';

  constructor(output: string) {
    super(`The output "${output}" is not finite, and JSON has no word for that: ask for it as binary data.`);
  }
}
