import type { FieldError } from '../http/index.js';
import type { JsonRows } from './json-rows.js';

/** CSV, JSON lines, or one JSON document. */
export type RecordFormat = 'csv' | 'jsonl' | 'json';

/** What separates the columns of CSV. */
export type Delimiter = ',' | ';' | '\t' | '|';

/** A row of a file. */
export interface FileRecord {
  /** Line number in CSV (the header is line 1) and JSON lines; index from 0 in a JSON array. */
  readonly position: number;
  /** For error messages: `["body", "file", 4]`, `["body", "instances", 3]`; `["body"]` for a body of one object. */
  readonly location: FieldError['location'];
  /** CSV: `{column: text}` without empty cells, made anew each time. JSON: the parsed value, with exact integers. */
  readonly value: unknown;
  /** CSV: the texts of all cells, in the order of `columns`. */
  readonly cells?: readonly string[] | undefined;
  /** CSV: the columns of the header, the same array for all records of a file. */
  readonly columns?: readonly string[] | undefined;
  /** Set if the record cannot be parsed; `value` is undefined then. */
  readonly error?: FieldError;
}

/** Iterable once. Yields batches of up to 256 records, and parses in short turns of the event loop. */
export interface RecordReader extends AsyncIterable<readonly FileRecord[]> {
  /** The columns of CSV, or of a table in JSON; known from the first batch on. */
  readonly columns: readonly string[] | undefined;
  /** The header of a CSV file, known from the first batch on. */
  readonly header?: CsvHeader | undefined;
}

/** The header of a CSV file. */
export interface CsvHeader {
  /** The names of the columns, all different. At most one is empty. */
  readonly columns: readonly string[];
  /** Number of its line: 2 below a line `sep=;`. */
  readonly line: number;
  readonly delimiter: Delimiter;
}

/** How to treat columns that are not known. */
export interface ExtraColumns {
  /** Whether to accept them, beside at least one that is known. */
  readonly isKept: boolean;
  /** How to have them accepted, to follow the message of an error. */
  readonly hint: string;
}

/** The columns that rows may and must have. */
export interface ColumnRule {
  readonly names: readonly string[];
  readonly required?: readonly string[];
  /** Refused unless given. */
  readonly extra?: ExtraColumns;
}

export interface ReadOptions {
  /** Default: `file`. Errors in the JSON of a `body` are located at `["body"]`; a body that is not JSON is malformed (400), a file invalid (422). */
  readonly from?: 'file' | 'body';
  /** How JSON holds rows. Default: `{"instances": […]}`, whose rows have names. */
  readonly rows?: JsonRows | undefined;
  /** The encoding, as the media type names it. Default: UTF-8, or what a byte order mark says. */
  readonly charset?: string | undefined;
  /** Of CSV. Default: found in the header. */
  readonly delimiter?: Delimiter | undefined;
  /** The least records of a batch, 256 unless given: a few become garbage sooner, and many are less work for each. */
  readonly batchRecords?: number | undefined;
  /** Known columns: they help to find the delimiter of CSV, and tables in JSON are checked against them. */
  readonly columns?: ColumnRule | undefined;
}
