import type { InvalidInputError } from './domain-error.js';

/** What an error answer says, whatever the format. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: InvalidInputError['errors'];
}
