import type { FormattedError, Problem } from '../platform/http/index.js';

/** An error as the protocol's clients read it: `{"error"}`; and what breaks a rule is 400, as for Triton. */
export function formatOpenInferenceError({ status, detail, errors = [] }: Problem): FormattedError {
  const error = errors.length > 1 ? errors.map(({ message }) => message).join('; ') : detail;
  return { status: status === 422 ? 400 : status, contentType: 'application/json', body: { error } };
}
