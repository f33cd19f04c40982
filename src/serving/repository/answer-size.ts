import { AnswerTooLargeError } from '../serving.errors.js';
import type { Tensor } from '../signature/tensor.js';

/** Counts the values of an answer that is made in parts: what an answer may hold, the parts may hold together. */
export class AnswerSize {
  private elements = 0;

  /** @param max a runtime refuses what one run alone has too much of */
  constructor(private readonly max: number) {}

  /** @throws AnswerTooLargeError */
  add(part: readonly Tensor[]): void {
    for (const { data } of part) this.elements += data.length;
    if (this.elements > this.max) throw new AnswerTooLargeError();
  }
}
