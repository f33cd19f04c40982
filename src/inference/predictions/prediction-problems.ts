import { ApiProblems } from '../../http/index.js';

/** The error answers that every prediction shares. */
export const ApiPredictionProblems = (): MethodDecorator =>
  ApiProblems({
    400: 'Malformed JSON, or a form with files that is not whole',
    401: 'The model is for members, and nobody is logged in',
    403: 'The model is for administrators',
    404: 'No such model or version',
    413: 'More rows than PREDICT_MAX_ROWS (10,000), more values than a request or an answer may hold, or a body over its limit',
    415: 'Neither JSON nor a form nor a file of rows, or a form where a pipeline takes inputs of its own',
    422: 'A feature is unknown, missing, not a finite number, or out of its range; `errors` names each',
    429: 'More requests a minute than PREDICT_RATE lets one caller make; see Retry-After',
    500: 'The model failed on a valid row',
    503: 'The model is not ready, its queue is full, or its runtime died; see Retry-After',
    504: 'Not ready within the deadline',
  });
