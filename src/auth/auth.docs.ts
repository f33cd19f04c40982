/** Error responses that several operations share, for `ApiProblems`. */
export const DATABASE_PROBLEM = { 503: 'The database cannot be reached' };

export const BODY_PROBLEMS = {
  ...DATABASE_PROBLEM,
  400: 'Malformed JSON',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'A field is wrong; `errors` names it',
  507: 'The database is full',
};

/** Of operations that check a password, or reveal whether an e-mail is registered. */
export const THROTTLED = { 429: 'Too many attempts have failed; see Retry-After' };

export const ID_PROBLEMS = { ...DATABASE_PROBLEM, 422: 'The id is not a UUID' };
