import {
  type FieldError,
  InvalidInputError,
  PayloadTooLargeError,
  textFieldsOf,
  validateAs,
} from '../../platform/http/index.js';
import {
  checkColumns,
  type Delimiter,
  type FileRecord,
  readRecords,
  type RecordFormat,
} from '../../platform/records/index.js';
import { MenuFieldsDto } from '../dto/menu-fields.dto.js';
import type { MenuFields } from '../menus.service.js';

/** Per file. */
const MAX_ROWS = 100_000;

/** How to read a file of menus. Stored as the payload of the import job. */
export interface MenuFile {
  readonly format: RecordFormat;
  readonly from: 'file' | 'body';
  /** Of CSV. Default: found in the header. */
  readonly delimiter?: Delimiter | undefined;
}

/** A row of a file: the menu, or its errors. */
export interface MenuRow {
  readonly row: number;
  readonly menu?: MenuFields;
  readonly errors: readonly FieldError[];
}

const TEXT_FIELDS = textFieldsOf(MenuFieldsDto)!;

/**
 * Streams the records of a file with the columns `name` and `price`, unvalidated.
 *
 * @throws InvalidInputError if the file as a whole cannot be read
 * @throws PayloadTooLargeError past 100,000 rows
 */
export async function* readMenuRecords(
  source: AsyncIterable<Buffer>,
  { format, from, delimiter }: MenuFile,
): AsyncGenerator<readonly FileRecord[]> {
  const reader = readRecords(source, format, { from, rows: { members: [] }, delimiter, columns: TEXT_FIELDS });
  let count = 0;
  for await (const records of reader) {
    if (count === 0 && reader.header) checkColumns(reader.header, TEXT_FIELDS);
    count += records.length;
    if (count > MAX_ROWS)
      throw new PayloadTooLargeError(`A file may have ${MAX_ROWS} menus. Send the rest in another file.`);
    yield records;
  }
}

/** Validates a record by the rules for the body of `POST /menus`. */
export async function parseMenuRow(
  { position, location, value, error }: FileRecord,
  format: RecordFormat,
): Promise<MenuRow> {
  if (error) return { row: position, errors: [error] };
  const fields = format === 'csv' ? TEXT_FIELDS.read(value as Record<string, string>) : value;
  try {
    return { row: position, menu: await validateAs(MenuFieldsDto, fields, location), errors: [] };
  } catch (failure) {
    if (failure instanceof InvalidInputError) return { row: position, errors: failure.errors };
    throw failure;
  }
}
