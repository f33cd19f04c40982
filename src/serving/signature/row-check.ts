import { type FieldError, MAX_ERRORS } from '../../platform/http/index.js';
import { TooManyElementsError } from '../serving.errors.js';

/** The path of a value in the request: `["body", "instances", 3, "size"]`. */
export type Location = readonly (string | number)[];

/** The valid values of a row, in the order of the schema's fields; null where one is missing. */
export type CheckedRow = readonly unknown[];

/** The limits of one request. */
export interface InputLimits {
  readonly rows: number;
  /** Values of all rows together. */
  readonly elements: number;
  /** Characters of one text. */
  readonly textLength: number;
}

/** The state of the check of one request: the errors found, and the values counted against the limits. */
export class RowCheck {
  readonly errors: FieldError[] = [];
  private elements = 0;

  constructor(readonly limits: InputLimits) {}

  get isFull(): boolean {
    return this.errors.length >= MAX_ERRORS;
  }

  /** @throws TooManyElementsError once the request has more values than its limit */
  count(elements: number): void {
    this.elements += elements;
    if (this.elements > this.limits.elements) throw new TooManyElementsError(this.limits.elements);
  }

  /** @param rest the message after the name of the field */
  add(location: Location, type: string, rest: string): void {
    const name = location.length > 1 ? location.slice(1).join('.') : 'the row';
    if (!this.isFull) this.errors.push({ location, type, message: `${name} ${rest}` });
  }
}
