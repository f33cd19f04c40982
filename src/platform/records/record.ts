import type { FieldError } from '../http/index.js';

/** CSV, JSON lines, or one JSON document. */
export type RecordFormat = 'csv' | 'jsonl' | 'json';

/** A row of a file. */
export interface FileRecord {
  /** Line number in CSV (the header is line 1) and JSON lines; index from 0 in a JSON array. */
  readonly position: number;
  /** For error messages: `["body", "file", 4]`, `["body", "instances", 3]`; `["body"]` for a body of one object. */
  readonly location: FieldError['location'];
  /** CSV: `{column: text}` without empty cells. JSON: the parsed value, with exact integers. */
  readonly value: unknown;
  /** Set if the record cannot be parsed; `value` is undefined then. */
  readonly error?: FieldError;
}

/** Iterable once. Yields batches of up to 256 records, and parses in short turns of the event loop. */
export interface RecordReader extends AsyncIterable<readonly FileRecord[]> {
  /** The header of a CSV file, known from the first batch on. */
  readonly columns: readonly string[] | undefined;
}

export interface ReadOptions {
  /** Default: `file`. Errors in the JSON of a `body` are located at `["body"]`; a body that is not JSON is malformed (400), a file invalid (422). */
  readonly from?: 'file' | 'body';
  /** Default: true. Whether `{"instances": […]}` contains rows, instead of being one row. */
  readonly instances?: boolean;
}
