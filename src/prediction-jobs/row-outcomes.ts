import { DomainError, faultOf, InvalidInputError, type TextFields } from '../platform/http/index.js';
import type { FileRecord } from '../platform/records/index.js';
import { type CheckedRow, type ModelVersion, RowCheck, TooManyElementsError } from '../serving/index.js';
import type { PredictionInput } from '../inference/index.js';

/** Why a row has no prediction. */
export class RowFailure {
  constructor(readonly error: DomainError) {}
}

/** The record as a row of the model. */
export function readRow(
  record: FileRecord,
  version: ModelVersion,
  texts: TextFields | undefined,
): CheckedRow | RowFailure {
  if (record.error) return new RowFailure(new InvalidInputError([record.error]));
  // A check of its own: the limits are those of one row, and so is what is wrong.
  const check = new RowCheck(version.limits);
  try {
    const row = version.check(valueOf(record, texts), record.location, check);
    return check.errors.length === 0 ? row : new RowFailure(new InvalidInputError(check.errors));
  } catch (error) {
    if (error instanceof TooManyElementsError) return new RowFailure(error);
    throw error;
  }
}

/** The record as what a pipeline takes. */
export function readItem(record: FileRecord, texts: TextFields | undefined): PredictionInput | RowFailure {
  if (record.error) return new RowFailure(new InvalidInputError([record.error]));
  return { value: valueOf(record, texts), location: record.location };
}

/** What a record says; texts are read as what the input takes. */
export function valueOf({ value }: FileRecord, texts: TextFields | undefined): unknown {
  return texts ? texts.read(value as Readonly<Record<string, string>>) : value;
}

/** One outcome for each item, in their order. Those that fail, fail alone. @throws what is the fault of none of them */
export async function settle<T>(
  items: readonly T[],
  predict: (items: readonly T[]) => Promise<unknown[]>,
): Promise<unknown[]> {
  if (items.length === 0) return [];
  try {
    return await predict(items);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const fault = faultOf(error);
    const isOfRow = fault === 'input' || fault === 'server';
    // What takes too long together may be in time alone.
    if (!isOfRow && (error.kind !== 'deadline' || items.length === 1)) throw error;
    if (items.length === 1) return [new RowFailure(error)];
  }
  const middle = Math.ceil(items.length / 2);
  return [...(await settle(items.slice(0, middle), predict)), ...(await settle(items.slice(middle), predict))];
}
