import type { Delimiter, JsonRows, RecordFormat } from '../platform/records/index.js';
import type { KeptColumns } from './kept-columns.js';

export const PREDICTION_JOB = 'prediction';

/** Handling of an invalid row. */
export const ON_ERROR = ['reject', 'stop', 'skip'] as const;
export type OnError = (typeof ON_ERROR)[number];

/** A file of rows, or a picture archive. */
export type JobFormat = RecordFormat | 'pictures';

/** How the input of a job is read. */
export interface JobInput {
  readonly format: JobFormat;
  /** Whether the values are text to be parsed, as in CSV and in a form. */
  readonly isText: boolean;
  readonly from: 'file' | 'body';
  /** How JSON holds rows. */
  readonly rows: JsonRows;
  /** Of CSV: as requested, then as found in the header. The encoding need not be known: files are stored in UTF-8. */
  readonly delimiter?: Delimiter | undefined;
}

export interface PredictionPayload extends JobInput {
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the version's file: a different file under the same version is a different model. */
  readonly sha256: string | null;
  readonly onError: OnError;
  /** Columns of the input, which the result CSV repeats. */
  readonly columns: readonly string[];
  /** Labels of the model's classes, if the manifest names them. */
  readonly labels: readonly string[];
  /** With `extra=keep`, of an input with other fields than the model reads. */
  readonly extra?: ExtraFields | undefined;
}

/** The fields of an input that are read, and the others, which the result repeats. */
export interface ExtraFields {
  readonly names: readonly string[];
  readonly kept: KeptColumns;
}
