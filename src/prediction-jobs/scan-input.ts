import { type FieldError, InvalidInputError, textFieldsOf } from '../platform/http/index.js';
import { checkColumns, type Delimiter, type FileRecord, type RecordReader } from '../platform/records/index.js';
import { ClientGoneError, type GoneSignal, type ImageDecoder, type ModelVersion } from '../serving/index.js';
import { type Extra, extraColumns, type RegisteredPipeline, validateInput } from '../inference/index.js';
import { decodePictures } from './job-input.js';
import { TooManyJobRowsError } from './prediction-jobs.errors.js';
import type { JobInput, OnError } from './prediction-payload.js';
import { readRow, type RecordReading, RowFailure, readValue } from './row-results.js';

export interface ScanContext extends RecordReading {
  readonly extra: Extra | undefined;
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
  /** Columns, or keys of rows, that are not read, where these are to be kept. */
  readonly extraColumns: readonly string[];
  /** Of CSV. */
  readonly delimiter: Delimiter | undefined;
}

/** Number of errors in a problem response. */
const MAX_ERRORS = 100;
/** Bounds columns taken from a row, whose keys the sender chooses. */
const MAX_COLUMNS = 100;
/** As many as CSV may have columns. */
const MAX_EXTRA_KEYS = 10_000;

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
  const extraKeys = context.names && new ExtraKeys(context.names);
  let columns: readonly string[] | undefined;
  let rows = 0;
  for await (const batch of reader) {
    if (gone.aborted) throw new ClientGoneError();
    rows += batch.length;
    if (rows > maxRows) throw new TooManyJobRowsError(maxRows);
    columns ??= findColumns(reader, batch[0], context);
    extraKeys?.add(reader.columns ? [reader.columns] : batch.map(({ value }) => keysOf(value)));
    if (onError !== 'reject') continue;
    const records = format === 'pictures' ? await decodePictures(batch, version, { decoder, signal: gone }) : batch;
    for (const record of records) {
      errors.push(...(validateRow(record, context) ?? (await validatePipelineInput(record, context))));
    }
    if (errors.length >= MAX_ERRORS) break;
  }
  if (errors.length > 0) throw new InvalidInputError(errors);
  const found = extraKeys?.found ?? [];
  const inputColumns = reader.columns ?? [...(columns ?? []), ...found];
  return { rows, columns: inputColumns, extraColumns: found, delimiter: reader.header?.delimiter };
}

/** Collects the keys that are not read, in the order in which they come. */
class ExtraKeys {
  private readonly keys = new Set<string>();

  constructor(private readonly names: ReadonlySet<string>) {}

  get found(): readonly string[] {
    return [...this.keys];
  }

  /** @throws InvalidInputError for more keys than a table has columns */
  add(rows: readonly (readonly string[])[]): void {
    for (const row of rows) for (const key of row) if (!this.names.has(key)) this.keys.add(key);
    if (this.keys.size <= MAX_EXTRA_KEYS) return;
    const message = `the rows have more than ${MAX_EXTRA_KEYS} different keys that are no features`;
    throw new InvalidInputError([{ location: ['body', 'file'], type: 'columns', message }]);
  }
}

function keysOf(row: unknown): readonly string[] {
  return typeof row === 'object' && row !== null && !Array.isArray(row) ? Object.keys(row) : [];
}

/** The columns of a CSV, of the pipeline's DTO or of the model, else the keys of the first row. @throws InvalidInputError for a wrong CSV header */
function findColumns(
  { columns, header }: RecordReader,
  first: FileRecord | undefined,
  { version, pipeline, textFields, extra }: ScanContext,
): readonly string[] | undefined {
  if (columns) {
    if (textFields && header) checkColumns(header, textFields, extraColumns(extra));
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
  { version, pipeline, ...reading }: ScanContext,
): readonly FieldError[] | undefined {
  if (record.error) return [record.error];
  if (pipeline?.metadata.input ?? pipeline?.steps.preprocess) return undefined;
  const row = readRow(record, version, reading);
  if (!(row instanceof RowFailure)) return [];
  const { error } = row;
  if (error instanceof InvalidInputError) return error.errors;
  throw error;
}

/** Validates the DTO only: data that a pipeline looks up may change until the row is predicted. */
async function validatePipelineInput(
  record: FileRecord,
  { pipeline, ...reading }: ScanContext,
): Promise<readonly FieldError[]> {
  const { input } = pipeline?.metadata ?? {};
  if (!input) return [];
  try {
    await validateInput(input, { value: readValue(record, reading), location: record.location });
    return [];
  } catch (error) {
    if (error instanceof InvalidInputError) return error.errors;
    throw error;
  }
}
