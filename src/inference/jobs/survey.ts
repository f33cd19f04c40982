import { type FieldError, InvalidInputError, validateAs } from '../../http/index.js';
import type { FileRecord, RecordReader } from '../../records/index.js';
import { ClientGoneError } from '../inference.errors.js';
import type { FoundPipeline } from '../pipeline/pipelines.service.js';
import type { ModelVersion } from '../store/model-version.js';
import { TooManyJobRowsError } from './prediction-jobs.errors.js';
import type { OnError } from './prediction-payload.js';
import { readRow, RowFailure } from './row-outcomes.js';

/** What an input is read for before its job is taken. */
export interface Survey {
  /** Whether values are texts, as in CSV. */
  readonly isText: boolean;
  readonly onError: OnError;
  readonly version: ModelVersion;
  readonly pipeline: FoundPipeline | undefined;
  readonly maxRows: number;
  /** Tells that the client has gone away. */
  readonly gone: { readonly aborted: boolean };
}

/** What has been found out about an input. */
export interface Surveyed {
  readonly rows: number;
  /** Of the input, for a table of the result. */
  readonly columns: readonly string[];
}

/** As many as a problem names. */
const MAX_ERRORS = 100;

/**
 * Reads an input from its beginning to its end. What keeps it from being read at all is found, and with `reject` what is
 * wrong with any of its rows.
 *
 * @throws InvalidInputError, TooManyJobRowsError, ClientGoneError
 */
export async function survey(reader: RecordReader, about: Survey): Promise<Surveyed> {
  const { isText, onError, maxRows, gone, version, pipeline } = about;
  const errors: FieldError[] = [];
  let columns: readonly string[] | undefined;
  let rows = 0;
  for await (const batch of reader) {
    if (gone.aborted) throw new ClientGoneError();
    rows += batch.length;
    if (rows > maxRows) throw new TooManyJobRowsError(maxRows);
    columns ??= columnsOf(reader, batch[0], about);
    if (onError !== 'reject') continue;
    for (const record of batch) errors.push(...errorsOf(record, version, pipeline, isText));
    if (errors.length >= MAX_ERRORS) break;
  }
  if (errors.length > 0) throw new InvalidInputError(errors);
  return { rows, columns: columns ?? [] };
}

/** Those of a CSV, the model's own, or those of the first row. @throws InvalidInputError where those of a CSV are wrong */
function columnsOf(
  { columns }: RecordReader,
  first: FileRecord | undefined,
  { version, pipeline }: Survey,
): readonly string[] | undefined {
  const fields = version.schema?.fields ?? [];
  if (columns) {
    checkHeader(columns, fields);
    return columns;
  }
  if (!first) return undefined;
  const { value } = first;
  if (!pipeline?.metadata.input) return fields.map(({ name }) => name);
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

/** A column that is missing or unknown is wrong once, and not in each row. */
function checkHeader(columns: readonly string[], fields: readonly { name: string; feature: { default?: unknown } }[]) {
  const known = fields.map(({ name }) => name);
  const required = fields.filter(({ feature }) => feature.default === undefined);
  const unknown = columns.filter((column) => !known.includes(column));
  const missing = required.filter(({ name }) => !columns.includes(name));
  const errors = [
    ...unknown.map((name) => headerError(name, 'unknown', `is not a known column; known: ${known.join(', ')}`)),
    ...missing.map(({ name }) => headerError(name, 'missing', 'is required: there is no such column')),
  ];
  if (errors.length > 0) throw new InvalidInputError(errors);
}

function headerError(column: string, type: string, rest: string): FieldError {
  return { location: ['body', 'file', 1, column], type, message: `file.1.${column} ${rest}` };
}

function errorsOf(
  record: FileRecord,
  version: ModelVersion,
  pipeline: FoundPipeline | undefined,
  isText: boolean,
): readonly FieldError[] {
  if (record.error) return [record.error];
  const { input } = pipeline?.metadata ?? {};
  // What a pipeline looks up may change until the row is predicted: only its shape is checked now.
  if (input) return errorsIn(() => validateAs(input, record.value, record.location));
  if (pipeline?.steps.preprocess) return [];
  const row = readRow(record, version, isText);
  if (!(row instanceof RowFailure)) return [];
  const { error } = row;
  if (error instanceof InvalidInputError) return error.errors;
  throw error;
}

function errorsIn(check: () => unknown): readonly FieldError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof InvalidInputError) return error.errors;
    throw error;
  }
}
