import {
  type FieldError,
  InvalidInputError,
  type TextFields,
  textFieldsOf,
  validateAs,
} from '../platform/http/index.js';
import { checkColumns, type FileRecord, type RecordReader } from '../platform/records/index.js';
import { ClientGoneError, type GoneSignal, type ImageDecoder, type ModelVersion } from '../serving/index.js';
import type { RegisteredPipeline } from '../inference/index.js';
import { decodePictures } from './job-records.js';
import { TooManyJobRowsError } from './prediction-jobs.errors.js';
import type { JobInput, OnError } from './prediction-payload.js';
import { readRow, RowFailure, valueOf } from './row-outcomes.js';

/** What an input is read for before its job is taken. */
export interface Survey {
  /** How its texts are read, where it holds texts. */
  readonly texts: TextFields | undefined;
  readonly onError: OnError;
  readonly version: ModelVersion;
  readonly pipeline: RegisteredPipeline | undefined;
  readonly maxRows: number;
  /** Tells that the client has gone away. */
  readonly gone: GoneSignal;
  /** Of pictures. */
  readonly decoder: ImageDecoder;
}

/** What has been found out about an input. */
export interface Surveyed {
  readonly rows: number;
  /** Of the input, for a table of the result. */
  readonly columns: readonly string[];
}

/** As many as a problem names. */
const MAX_ERRORS = 100;
/** What a row says is its sender's choice. */
const MAX_COLUMNS = 100;

/**
 * Reads an input from its beginning to its end. What keeps it from being read at all is found, and with `reject` what is
 * wrong with any of its rows.
 *
 * @throws InvalidInputError, TooManyJobRowsError, ClientGoneError
 */
export async function survey(reader: RecordReader, { format }: JobInput, about: Survey): Promise<Surveyed> {
  const { onError, maxRows, gone, version, decoder } = about;
  const errors: FieldError[] = [];
  let columns: readonly string[] | undefined;
  let rows = 0;
  for await (const batch of reader) {
    if (gone.aborted) throw new ClientGoneError();
    rows += batch.length;
    if (rows > maxRows) throw new TooManyJobRowsError(maxRows);
    columns ??= columnsOf(reader, batch[0], about);
    if (onError !== 'reject') continue;
    const records = format === 'pictures' ? await decodePictures(batch, version, { decoder, signal: gone }) : batch;
    for (const record of records) errors.push(...(errorsOf(record, about) ?? (await errorsOfInput(record, about))));
    if (errors.length >= MAX_ERRORS) break;
  }
  if (errors.length > 0) throw new InvalidInputError(errors);
  return { rows, columns: columns ?? [] };
}

/** Those of a CSV, those of the model or of the pipeline's DTO, or else those of the first row. @throws InvalidInputError where those of a CSV are wrong */
function columnsOf(
  { columns }: RecordReader,
  first: FileRecord | undefined,
  { version, pipeline, texts }: Survey,
): readonly string[] | undefined {
  if (columns) {
    if (texts) checkColumns(columns, texts);
    return columns;
  }
  const { input } = pipeline?.metadata ?? {};
  if (!input) return version.schema?.fields.map(({ name }) => name);
  const value = first?.value;
  const own = typeof value === 'object' && value !== null ? Object.keys(value).slice(0, MAX_COLUMNS) : undefined;
  return textFieldsOf(input)?.names ?? own;
}

/** What is wrong with a row of the model; undefined where it is not one, but what a pipeline takes. */
function errorsOf(record: FileRecord, { version, pipeline, texts }: Survey): readonly FieldError[] | undefined {
  if (record.error) return [record.error];
  if (pipeline?.metadata.input ?? pipeline?.steps.preprocess) return undefined;
  const row = readRow(record, version, texts);
  if (!(row instanceof RowFailure)) return [];
  const { error } = row;
  if (error instanceof InvalidInputError) return error.errors;
  throw error;
}

/** What a pipeline looks up may change until the row is predicted: only the shape of what it takes is checked now. */
async function errorsOfInput(record: FileRecord, { pipeline, texts }: Survey): Promise<readonly FieldError[]> {
  const { input } = pipeline?.metadata ?? {};
  if (!input) return [];
  try {
    await validateAs(input, valueOf(record, texts), record.location);
    return [];
  } catch (error) {
    if (error instanceof InvalidInputError) return error.errors;
    throw error;
  }
}
