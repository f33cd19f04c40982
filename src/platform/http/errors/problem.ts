import type { InvalidInputError } from './domain-error.js';

/** The content of an error response in every format. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: InvalidInputError['errors'];
}
