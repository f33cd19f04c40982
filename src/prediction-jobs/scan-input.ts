import {
  type FieldError,
  InvalidInputError,
  type TextFields,
  textFieldsOf,
  validateAs,
} from '../platform/http/index.js';
import { checkColumns, type Delimiter, type FileRecord, type RecordReader } from '../platform/records/index.js';
import { ClientGoneError, type GoneSignal, type ImageDecoder, type ModelVersion } from '../serving/index.js';
import type { RegisteredPipeline } from '../inference/index.js';
import { decodePictures } from './job-input.js';
import { TooManyJobRowsError } from './prediction-jobs.errors.js';
import type { JobInput, OnError } from './prediction-payload.js';
import { readRow, RowFailure, readValue } from './row-results.js';

export interface ScanContext {
  /** Parses text values; undefined if the values are typed. */
  readonly textFields: TextFields | undefined;
  readonly onError: OnError;
  readonly version: ModelVersion;
  readonly pipeline: RegisteredPipeline | undefined;
  readonly maxRows: number;
  /** Aborted when the client disconnects. */
  readonly gone: GoneSignal;
  readonly decoder: ImageDecoder;
}

export interface InputSummary {
  readonly rows: number;
  /** Columns of the input in the result CSV. */
  readonly columns: readonly string[];
  /** Of CSV. */
  readonly delimiter: Delimiter | undefined;
}

/** Number of errors in a problem response. */
const MAX_ERRORS = 100;
/** Bounds columns taken from a row, whose keys the sender chooses. */
const MAX_COLUMNS = 100;

/**
 * Scans a whole input before its job is accepted: checks that it can be read and, with `reject`, validates every row.
 *
 * @throws InvalidInputError, TooManyJobRowsError, ClientGoneError
 */
export async function scanInput(
  reader: RecordReader,
  { format }: JobInput,
  context: ScanContext,
): Promise<InputSummary> {
  const { onError, maxRows, gone, version, decoder } = context;
  const errors: FieldError[] = [];
  let columns: readonly string[] | undefined;
  let rows = 0;
  for await (const batch of reader) {
    if (gone.aborted) throw new ClientGoneError();
    rows += batch.length;
    if (rows > maxRows) throw new TooManyJobRowsError(maxRows);
    columns ??= findColumns(reader, batch[0], context);
    if (onError !== 'reject') continue;
    const records = format === 'pictures' ? await decodePictures(batch, version, { decoder, signal: gone }) : batch;
    for (const record of records) {
      errors.push(...(validateRow(record, context) ?? (await validatePipelineInput(record, context))));
    }
    if (errors.length >= MAX_ERRORS) break;
  }
  if (errors.length > 0) throw new InvalidInputError(errors);
  return { rows, columns: columns ?? [], delimiter: reader.header?.delimiter };
}

/** The columns of a CSV, of the pipeline's DTO or of the model, else the keys of the first row. @throws InvalidInputError for a wrong CSV header */
function findColumns(
  { columns, header }: RecordReader,
  first: FileRecord | undefined,
  { version, pipeline, textFields }: ScanContext,
): readonly string[] | undefined {
  if (columns) {
    if (textFields && header) checkColumns(header, textFields);
    return columns;
  }
  const { input } = pipeline?.metadata ?? {};
  if (!input) return version.schema?.fields.map(({ name }) => name);
  const value = first?.value;
  const keys = typeof value === 'object' && value !== null ? Object.keys(value).slice(0, MAX_COLUMNS) : undefined;
  return textFieldsOf(input)?.names ?? keys;
}

/** The errors of a row of the model; undefined for an input of a pipeline. */
function validateRow(
  record: FileRecord,
  { version, pipeline, textFields }: ScanContext,
): readonly FieldError[] | undefined {
  if (record.error) return [record.error];
  if (pipeline?.metadata.input ?? pipeline?.steps.preprocess) return undefined;
  const row = readRow(record, version, textFields);
  if (!(row instanceof RowFailure)) return [];
  const { error } = row;
  if (error instanceof InvalidInputError) return error.errors;
  throw error;
}

/** Validates the DTO only: data that a pipeline looks up may change until the row is predicted. */
async function validatePipelineInput(
  record: FileRecord,
  { pipeline, textFields }: ScanContext,
): Promise<readonly FieldError[]> {
  const { input } = pipeline?.metadata ?? {};
  if (!input) return [];
  try {
    await validateAs(input, readValue(record, textFields), record.location);
    return [];
  } catch (error) {
    if (error instanceof InvalidInputError) return error.errors;
    throw error;
  }
}
