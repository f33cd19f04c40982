/** Error answers that several operations of this room can give, for `ApiProblems`. */
export const DATABASE_PROBLEM = { 503: 'The database is away' };

export const BODY_PROBLEMS = {
  ...DATABASE_PROBLEM,
  400: 'Malformed JSON',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'A field is wrong; `errors` names it',
  507: 'The database is full',
};

/** Of what takes a password, or tells whether there is such a member. */
export const LIMITED = { 429: 'Too many attempts have failed; see Retry-After' };

export const ID_PROBLEMS = { ...DATABASE_PROBLEM, 422: 'The id is not a UUID' };
