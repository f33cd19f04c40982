import { ApiProblems } from '../../platform/http/index.js';

/** The error answers that every prediction shares. */
export const ApiPredictionProblems = (): MethodDecorator =>
  ApiProblems({
    400: 'Malformed JSON, or a form with files that is not whole',
    401: 'The model is for members, and nobody is logged in',
    403: 'The model is for administrators',
    404: 'No such model or version',
    413: 'More rows than PREDICT_MAX_ROWS (10,000), more values than a request or an answer may hold, or a body over its limit',
    415: 'Neither JSON nor a form nor a file of rows or a picture, as the model takes them, or a form where a pipeline takes inputs of its own',
    422: 'A feature is unknown, missing, not a finite number, or out of its range, or a file is no picture that can be decoded; `errors` names each',
    429: 'More requests a minute than PREDICT_RATE lets one caller make; see Retry-After',
    500: 'The model failed on a valid row',
    503: 'The model is not ready, its queue is full, its runtime died, or too many pictures wait; see Retry-After',
    504: 'Not ready within the deadline',
  });
