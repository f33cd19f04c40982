import { type FieldError, MAX_ERRORS } from '../../platform/http/index.js';
import { TooManyElementsError } from '../serving.errors.js';

/** Where a value stands: `["body", "instances", 3, "size"]`. */
export type Location = readonly (string | number)[];

/** A row whose every value is what its field takes, in the order of the schema's fields. */
export type CheckedRow = readonly unknown[];

/** What one request may hold at most. */
export interface InputLimits {
  readonly rows: number;
  /** Values, of all rows together. */
  readonly elements: number;
  /** Characters of one text. */
  readonly textLength: number;
}

/** The check of one request's rows: what is wrong with them, and how many values they hold. */
export class RowCheck {
  readonly errors: FieldError[] = [];
  private elements = 0;

  constructor(readonly limits: InputLimits) {}

  get isFull(): boolean {
    return this.errors.length >= MAX_ERRORS;
  }

  /** Throws `TooManyElementsError` once the request holds more than it may. */
  count(elements: number): void {
    this.elements += elements;
    if (this.elements > this.limits.elements) throw new TooManyElementsError(this.limits.elements);
  }

  add(location: Location, type: string, rest: string): void {
    // The field's own name, with its row where there are several.
    const name = location.length > 1 ? location.slice(1).join('.') : 'the row';
    if (!this.isFull) this.errors.push({ location, type, message: `${name} ${rest}` });
  }
}
