import { DomainError, type FieldError, InvalidInputError, withCause } from '../platform/http/index.js';
import type { Tensor } from './signature/tensor.js';

/** `Retry-After` where there is no estimate. */
const RETRY_AFTER_SECONDS = 1;

/** The store has no model of this name. */
export class ModelNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'model.not-found';

  constructor(name: string) {
    super(`There is no model "${name}". GET /models lists the models.`);
  }
}

/** The model has no version of this number. */
export class VersionNotFoundError extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'model.version-not-found';

  constructor(name: string, version: string) {
    super(`The model "${name}" has no version ${version}. GET /models/${name} lists the versions.`);
  }
}

/** The model or the version is not loaded, or its runtime is being restarted. */
export class ModelNotReadyError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'model.not-ready';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  /** @param name of the model, with the version if the request has one: `iris`, `iris/1` */
  constructor(name: string, state: string) {
    super(`The model "${name}" is not ready: ${state}.`);
  }
}

/** A version that is not ready cannot become the default. */
export class VersionNotReadyError extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'model.version-not-ready';

  constructor(name: string, version: string, state: string) {
    super(`Version ${version} of "${name}" is ${state}; only a ready version can become the default.`);
  }
}

/** Refused at admission: QUEUE_CAPACITY predictions wait for the version. */
export class QueueFullError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'model.queue-full';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  constructor(length: number) {
    super(`${length} predictions wait for this model already. Try again in a moment.`);
  }
}

/** Refused at admission: the prediction is expected to miss its deadline. */
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

/** Admitted, but the predictions before it took longer than expected. */
export class QueueDelayExceededError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'model.overloaded';
  override readonly retryAfterSeconds: number;

  constructor(waitedMs: number) {
    super(
      `The predictions before this one took longer than expected: after ${Math.round(waitedMs)} ms in the queue there is no time left for it. Try later.`,
    );
    this.retryAfterSeconds = Math.max(RETRY_AFTER_SECONDS, Math.ceil(waitedMs / 1000));
  }
}

/** The runtime ended during the prediction and is being restarted. */
export class RuntimeLostError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'model.runtime-died';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  constructor(cause: Error) {
    super('The model stopped working during this prediction and is being restarted. Try again in a moment.');
    withCause(this, cause);
  }
}

/** The client has disconnected before the response. */
export class ClientGoneError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'request.abandoned';

  constructor() {
    super('The client disconnected before the prediction was made.');
  }
}

/** The prediction was not ready by its deadline. */
export class DeadlineError extends DomainError {
  readonly kind = 'deadline';
  readonly code = 'model.deadline';

  constructor() {
    super('The prediction was not ready in time (DEADLINE_MS, or the timeout in the request).');
  }
}

/** The input of a run that has failed. */
export interface FailedRun {
  readonly feeds: readonly Tensor[];
  readonly rows: number;
}

/** The model failed on valid input. The message of the runtime is in the log only. */
export class ModelRunFailedError extends DomainError {
  readonly kind = 'internal';
  readonly code = 'model.run-failed';
  /** Private to the language too, so that no log shows the input. */
  readonly #run: FailedRun | undefined;

  /**
   * @param run whose input may be at fault; none where the model's outputs are
   * @param firstRow of the run, in its request
   */
  constructor(
    cause: Error,
    run?: FailedRun,
    readonly firstRow = 0,
  ) {
    super('The model failed on this input. Quote the request id when you report it.');
    withCause(this, cause);
    this.#run = run;
  }

  get run(): FailedRun | undefined {
    return this.#run;
  }

  /** The same error of a run that begins with this row of its request. */
  startingAt(row: number): ModelRunFailedError {
    return new ModelRunFailedError(this.cause as Error, this.#run, row);
  }
}

/** The model fails on a row by itself: one of its values is none that the model was made for. */
export class InputRejectedError extends InvalidInputError {
  override readonly code = 'model.input-rejected';

  /**
   * @param row in the request, from 0
   * @param location of the row, where it is known
   */
  constructor(
    readonly row: number,
    cause: unknown,
    location?: FieldError['location'],
  ) {
    const which = location || row === 0 ? 'this row' : `row ${row} (counted from 0)`;
    const message = `The model cannot compute ${which}: it fails on it alone. Send values that the model knows.`;
    super([{ location: location ?? ['rows', row], type: 'rejected', message }]);
    withCause(this, cause);
  }

  /** The same error with the location of the row. */
  at(location: FieldError['location']): InputRejectedError {
    return new InputRejectedError(this.row, this.cause, location);
  }
}

/** The model predicted a class that has no label. */
export class UnknownClassError extends DomainError {
  readonly kind = 'internal';
  readonly code = 'model.unknown-class';

  constructor(value: string) {
    super(
      `The model predicted the class ${value}, which is none of its labels: "labels" in model.json needs a map from class ` +
        'value to name that has it.',
    );
  }
}

/** The response would hold more than ANSWER_MAX_ELEMENTS values. */
export class ResponseTooLargeError extends DomainError {
  readonly kind = 'too-large';
  readonly code = 'predict.answer-too-large';

  /** @param cause the error of the runtime, if it counted the values */
  constructor(cause?: Error) {
    super('The response to this input would hold too many values (ANSWER_MAX_ELEMENTS). Send fewer rows in a request.');
    if (cause) withCause(this, cause);
  }
}

/** The requested load of a model has failed; the message gives the reason. */
export class ModelLoadFailedError extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'model.load-failed';
}

/** The request has more values than PREDICT_MAX_ELEMENTS. */
export class TooManyElementsError extends DomainError {
  readonly kind = 'too-large';
  readonly code = 'predict.too-many-elements';

  constructor(max: number) {
    super(`One request may hold at most ${max} values. Send the rest in further requests.`);
  }
}

/** The request has more rows than PREDICT_MAX_ROWS. */
export class TooManyRowsError extends DomainError {
  readonly kind = 'too-large';
  readonly code = 'predict.too-many-rows';

  constructor(max: number) {
    super(`One request may hold at most ${max} rows. Send the rest in further requests.`);
  }
}

/** The queue of images to decode is full. */
export class ImageDecoderBusyError extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'predict.images-busy';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;

  constructor() {
    super('Too many images are being decoded. Try again in a moment.');
  }
}

/** A tensor does not fit the signature of the model; the message gives its name and the expectation. */
export class InvalidTensorError extends DomainError {
  readonly kind = 'invalid';
  readonly code = 'model.wrong-tensor';
}

/** An output has NaN or infinities, which JSON cannot represent. */
export class NonFiniteOutputError extends DomainError {
  readonly kind = 'internal';
  readonly code = 'model.answer-not-finite';

  constructor(output: string) {
    super(
      `The output "${output}" has values that are not finite, which JSON cannot represent: request it as binary data.`,
    );
  }
}
