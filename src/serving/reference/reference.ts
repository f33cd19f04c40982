/** An input row with outputs that the training library gave for it. */
export interface ReferenceRow {
  readonly input: Readonly<Record<string, unknown>>;
  /** Any of the members of a prediction; `probabilities` and `values` may name some of theirs only. */
  readonly output: Readonly<Record<string, unknown>>;
}

/** The content of `models/<name>/<version>/reference.json`: what a version must predict in order to serve. */
export interface Reference {
  readonly rows: readonly ReferenceRow[];
  /** Relative above 1 and absolute below. */
  readonly tolerance: number;
}

/** The name of the file in the folder of a version. */
export const REFERENCE_FILE = 'reference.json';

/** The order of float32 operations changes results by less. */
export const DEFAULT_TOLERANCE = 1e-4;

/** Reference rows that cannot be read; the message is for their author. */
export class InvalidReferenceError extends Error {}

/** Reference rows that the model does not reproduce. */
export class ReferenceMismatchError extends Error {}

/** The name of a row in messages. */
export function referenceRow(index: number): string {
  return `reference row ${index + 1}`;
}
