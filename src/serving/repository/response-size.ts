import { ResponseTooLargeError } from '../serving.errors.js';
import type { Tensor } from '../signature/tensor.js';

/** Counts the values of a response that is made in parts, against the limit of one response. */
export class ResponseSize {
  private elements = 0;

  /** @param max values of the whole response; a runtime checks a single run by itself */
  constructor(private readonly max: number) {}

  /** @throws ResponseTooLargeError */
  add(part: readonly Tensor[]): void {
    for (const { data } of part) this.elements += data.length;
    if (this.elements > this.max) throw new ResponseTooLargeError();
  }
}
