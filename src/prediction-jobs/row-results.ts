import { DomainError, faultOf, type FieldError, InvalidInputError, type TextFields } from '../platform/http/index.js';
import type { FileRecord } from '../platform/records/index.js';
import {
  type CellRowReader,
  type CheckedRow,
  InputRejectedError,
  type ModelVersion,
  RowCheck,
  TooManyElementsError,
} from '../serving/index.js';
import { hintAtExtra, type PredictionInput, withoutExtra } from '../inference/index.js';

/** Takes the place of the prediction of a row that failed. */
export class RowFailure {
  constructor(readonly error: DomainError) {}

  /** The same failure, with the location of its row where the error names one of the rows that ran together. */
  at(location: FieldError['location']): RowFailure {
    return this.error instanceof InputRejectedError ? new RowFailure(this.error.at(location)) : this;
  }
}

/** How to read the values of a record. */
export interface RecordReading {
  /** Parses text values; undefined if the values are typed. */
  readonly textFields: TextFields | undefined;
  /** Reads most CSV rows of the model faster. */
  readonly cells?: CellRowReader | undefined;
  /** The fields to read, where others are to be ignored. */
  readonly names: ReadonlySet<string> | undefined;
}

/** Validates a record as a row of the model. */
export function readRow(record: FileRecord, version: ModelVersion, reading: RecordReading): CheckedRow | RowFailure {
  if (record.error) return new RowFailure(new InvalidInputError([record.error]));
  const { cells, columns } = record;
  const found = cells && columns && reading.cells?.read(cells, columns);
  if (found) return found;
  // A check per row: limits and errors are those of this row alone.
  const check = new RowCheck(version.limits);
  try {
    const row = version.check(readValue(record, reading), record.location, check);
    return check.errors.length === 0 ? row : new RowFailure(new InvalidInputError(hintAtExtra(check.errors)));
  } catch (error) {
    if (error instanceof TooManyElementsError) return new RowFailure(error);
    throw error;
  }
}

/** Reads a record as an input of a pipeline. */
export function readItem(record: FileRecord, reading: RecordReading): PredictionInput | RowFailure {
  if (record.error) return new RowFailure(new InvalidInputError([record.error]));
  return { value: readValue(record, reading), location: record.location };
}

/** The value of a record, with text parsed to the types of the input, and without fields to ignore. */
export function readValue({ value }: FileRecord, { textFields, names }: RecordReading): unknown {
  const row = textFields ? textFields.read(value as Readonly<Record<string, string>>) : value;
  return names ? withoutExtra(row, names) : row;
}

/**
 * Predicts items together. If an item is at fault, bisects until it fails alone.
 *
 * @returns a prediction or a `RowFailure` per item, in order
 * @throws an error that no item caused
 */
export async function predictIsolatingFailures<T>(
  items: readonly T[],
  predict: (items: readonly T[]) => Promise<unknown[]>,
): Promise<unknown[]> {
  if (items.length === 0) return [];
  try {
    return await predict(items);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const fault = faultOf(error);
    const isRowError = fault === 'input' || fault === 'server';
    // Half of the items may meet the deadline.
    if (!isRowError && (error.kind !== 'deadline' || items.length === 1)) throw error;
    if (items.length === 1) return [new RowFailure(error)];
  }
  const middle = Math.ceil(items.length / 2);
  return [
    ...(await predictIsolatingFailures(items.slice(0, middle), predict)),
    ...(await predictIsolatingFailures(items.slice(middle), predict)),
  ];
}
