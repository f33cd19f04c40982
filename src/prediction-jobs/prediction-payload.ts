import type { RecordFormat } from '../platform/records/index.js';

export const PREDICTION_JOB = 'prediction';

/** What is done about a row that is wrong. */
export const ON_ERROR = ['reject', 'stop', 'skip'] as const;
export type OnError = (typeof ON_ERROR)[number];

/** Rows as in a file, or pictures one after another. */
export type JobFormat = RecordFormat | 'pictures';

/** How the input of a job is read, each time in the same way. */
export interface JobInput {
  readonly format: JobFormat;
  /** Whether its values are texts, as in CSV and in a form. */
  readonly isText: boolean;
  readonly from: 'file' | 'body';
  /** Whether `{"instances": […]}` holds rows, and is not one itself. */
  readonly instances: boolean;
}

/** What a prediction job is to do. */
export interface PredictionPayload extends JobInput {
  readonly model: string;
  readonly version: string;
  /** Of the version's file: another file under the same number is another model. */
  readonly sha256: string | null;
  readonly onError: OnError;
  /** Of the input, as a table of the result repeats them. */
  readonly columns: readonly string[];
  /** What the model may answer, where the manifest names it. */
  readonly labels: readonly string[];
}
