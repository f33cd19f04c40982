import { ApiProblems } from '../../platform/http/index.js';

/** Documents the errors that all prediction endpoints share. */
export const ApiPredictionProblems = (): MethodDecorator =>
  ApiProblems({
    400: 'Malformed JSON, or an incomplete form with files',
    401: 'The model is for members, and the caller is not logged in',
    403: 'The model is for administrators',
    404: 'No such model or version',
    413: 'More rows than PREDICT_MAX_ROWS (10,000), more values than a request or a response may hold, or a body over its limit',
    415: 'A media type that the model does not accept, or a form for a pipeline with inputs of its own',
    422: 'A feature is unknown, missing, not a finite number or out of its range, an image cannot be decoded, or the model cannot compute a row (`model.input-rejected`); see `errors`',
    429: 'More requests a minute than PREDICT_RATE lets one caller make; see Retry-After',
    500: 'The model failed on a valid row',
    503: 'The model is not ready, its queue is full, its runtime died, or too many images are queued; see Retry-After',
    504: 'No result within the deadline',
  });
