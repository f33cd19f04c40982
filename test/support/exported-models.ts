import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Signature, Tensor } from '../../src/serving/signature/tensor.js';
import { ROOT } from './project.js';

/** Models as their libraries export them, with the libraries' own predictions beside them. */
export const EXPORTED = join(ROOT, 'test/fixtures/models/exported');

/** What a library predicts for some rows. */
export interface Reference {
  /** Values by column, or a list of them; null is missing. */
  readonly rows: readonly (Readonly<Record<string, unknown>> | readonly unknown[] | string)[];
  readonly label?: readonly unknown[];
  /** Of each row; for several labels a list of each label's. */
  readonly proba?: readonly unknown[];
  readonly value?: readonly unknown[];
  /** Scores before the softmax. */
  readonly logits?: readonly unknown[];
}

export function referenceOf(name: string): Reference {
  return JSON.parse(readFileSync(join(EXPORTED, `${name}.ref.json`), 'utf8')) as Reference;
}

/** The rows as input tensors. */
export function feedsOf({ inputs }: Signature, { rows }: Reference): Tensor[] {
  return inputs.map(({ name, type }) => {
    const values = rows.flatMap((row) => {
      if (Array.isArray(row)) return row as unknown[];
      return [typeof row === 'object' ? (row as Record<string, unknown>)[name] : row];
    });
    const shape = [rows.length, values.length / rows.length];
    if (type === 'string') return { name, type, shape, data: values.map(String) };
    return { name, type, shape, data: Float32Array.from(values, (value) => (value === null ? NaN : Number(value))) };
  });
}

/** The elements of nested lists. */
export function flat(nested: readonly unknown[] | undefined): unknown[] {
  return (nested ?? []).flatMap((item) => (Array.isArray(item) ? flat(item as unknown[]) : [item]));
}
