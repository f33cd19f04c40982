import type { FieldError } from '../http/index.js';

/** CSV, JSON lines, or one JSON document. */
export type RecordFormat = 'csv' | 'jsonl' | 'json';

/** One row of a file. */
export interface FileRecord {
  /** The line in CSV, whose header is in line 1, and in JSON lines; the index from 0 in a JSON array. */
  readonly position: number;
  /** Where it stands: `["body", "file", 4]`, `["body", "instances", 3]`; `["body"]` for a body of one object. */
  readonly location: FieldError['location'];
  /** CSV: `{column: text}` without its empty cells; else what JSON says, integers exact. */
  readonly value: unknown;
  /** Of one that cannot be read: `value` is undefined. */
  readonly error?: FieldError;
}

/** Reads while it is iterated over, once: batches of some 256 records, with a turn of the event loop between them. */
export interface RecordReader extends AsyncIterable<readonly FileRecord[]> {
  /** The header of a CSV, known with the first batch. */
  readonly columns: readonly string[] | undefined;
}

export interface ReadOptions {
  /** `file` unless given. The JSON of a `body` stands at `["body"]`, and is malformed (400) where a file is invalid (422). */
  readonly from?: 'file' | 'body';
  /** Whether `{"instances": […]}` holds rows, and is not one itself: unless false, it does. */
  readonly instances?: boolean;
}
