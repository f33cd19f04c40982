import type { Manifest } from '../manifest/manifest.js';
import type { Prediction } from '../pipeline/respond.js';
import { ModelRunFailedError } from '../serving.errors.js';
import { type CheckedRow, type InputLimits, RowCheck } from '../signature/row-check.js';
import { outputFormatOf } from '../signature/output-format.js';
import type { Signature } from '../signature/tensor.js';
import { findDifference } from './find-difference.js';
import { nameClasses } from './name-classes.js';
import {
  InvalidReferenceError,
  type Reference,
  ReferenceMismatchError,
  referenceRow,
  type ReferenceRow,
} from './reference.js';

/** A version whose predictions are compared with the reference. */
export interface ReferenceSubject {
  readonly manifest: Manifest;
  readonly signature: Signature | undefined;
  readonly limits: InputLimits;
  readonly batching: { readonly enabled: boolean; readonly maxBatchSize?: number } | undefined;
  check(row: unknown, location: readonly (string | number)[], check: RowCheck): CheckedRow;
  predict(rows: readonly CheckedRow[]): Promise<readonly Prediction[]>;
}

interface VerifyOptions {
  /** The first rows only; all unless given. */
  readonly rows?: number;
  /** Where the rows come from, for messages. */
  readonly source: string;
}

/**
 * Runs the model on reference rows, as many together as it takes, and compares its predictions.
 *
 * @throws InvalidReferenceError, ReferenceMismatchError: the first row at fault, the output and both values
 */
export async function verifyReference(
  reference: Reference,
  subject: ReferenceSubject,
  { rows: count = Infinity, source }: VerifyOptions,
): Promise<void> {
  const rows = reference.rows.slice(0, count);
  const checked = rows.map(({ input }, index) => checkInput(input, index, subject));
  const { signature, manifest, batching } = subject;
  const { classes } = (signature && outputFormatOf(signature, manifest)) ?? {};
  const { maxBatchSize: batchSize = 1 } = batching ?? {};
  for (let start = 0; start < rows.length; start += batchSize) {
    const end = Math.min(start + batchSize, rows.length);
    const predictions = await predictRows(checked.slice(start, end), start, subject);
    for (let index = start; index < end; index += 1) {
      const expected = nameClasses(rows[index]!.output, classes);
      compare(predictions[index - start] ?? {}, expected, { index, tolerance: reference.tolerance, source });
    }
  }
}

function checkInput(input: ReferenceRow['input'], index: number, subject: ReferenceSubject): CheckedRow {
  const errors = new RowCheck(subject.limits);
  const row = subject.check(input, [referenceRow(index)], errors);
  const [error] = errors.errors;
  if (error) throw new InvalidReferenceError(`${referenceRow(index)}: ${error.message}`);
  return row;
}

/** @param start index of the first of these rows in the reference */
async function predictRows(
  rows: readonly CheckedRow[],
  start: number,
  subject: ReferenceSubject,
): Promise<readonly Prediction[]> {
  try {
    return await subject.predict(rows);
  } catch (error) {
    if (!(error instanceof ModelRunFailedError)) throw error;
    if (rows.length === 1) {
      const { message } = (error.cause ?? error) as Error;
      throw new ReferenceMismatchError(`the model fails on ${referenceRow(start)}: ${message}`, { cause: error });
    }
  }
  // Alone, so that the row at fault is known.
  const predictions: Prediction[] = [];
  for (const [index, row] of rows.entries()) {
    predictions.push(...(await predictRows([row], start + index, subject)));
  }
  return predictions;
}

function compare(
  prediction: Prediction,
  output: ReferenceRow['output'],
  { index, tolerance, source }: { readonly index: number; readonly tolerance: number; readonly source: string },
): void {
  const row = referenceRow(index);
  for (const [key, expected] of Object.entries(output)) {
    // The targets may have been named later.
    const actual = key === 'value' && prediction.values ? Object.values(prediction.values) : prediction[key];
    if (actual === undefined) {
      const known = Object.keys(prediction).join(', ');
      throw new InvalidReferenceError(
        `${row}: output has an unknown key "${key}"; a prediction of this model has ${known}`,
      );
    }
    const difference = findDifference(actual, expected, { path: key, tolerance, source });
    if (difference !== undefined) throw new ReferenceMismatchError(`${row}: ${difference}`);
  }
}
