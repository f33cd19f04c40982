import {
  type FieldError,
  InvalidInputError,
  PayloadTooLargeError,
  textFieldsOf,
  validateAs,
} from '../../platform/http/index.js';
import { checkColumns, type FileRecord, readRecords, type RecordFormat } from '../../platform/records/index.js';
import { MenuFieldsDto } from '../dto/menu-fields.dto.js';
import type { MenuFields } from '../menus.service.js';

/** Of one file. */
const MAX_ROWS = 100_000;

/** What has to be known of a file to read it. */
export interface MenuFile {
  readonly format: RecordFormat;
  readonly from: 'file' | 'body';
}

/** A row of a file: a menu, or what is wrong with it. */
export interface MenuRow {
  readonly row: number;
  readonly menu?: MenuFields;
  readonly errors: readonly FieldError[];
}

const TEXTS = textFieldsOf(MenuFieldsDto)!;

/**
 * The records of a file of menus, whose columns are `name` and `price`; not looked into yet.
 *
 * @throws InvalidInputError where the file as a whole cannot be read, PayloadTooLargeError past 100,000 rows
 */
export async function* menuRecords(
  source: AsyncIterable<Buffer>,
  { format, from }: MenuFile,
): AsyncGenerator<readonly FileRecord[]> {
  const reader = readRecords(source, format, { from, instances: false });
  let count = 0;
  for await (const records of reader) {
    if (count === 0 && reader.columns) checkColumns(reader.columns, TEXTS);
    count += records.length;
    if (count > MAX_ROWS) throw new PayloadTooLargeError(`A file may have ${MAX_ROWS} menus. Send the rest in others.`);
    yield records;
  }
}

/** Checks a record as the body of `POST /menus` is. */
export async function menuRowOf({ place, location, value, error }: FileRecord, format: RecordFormat): Promise<MenuRow> {
  if (error) return { row: place, errors: [error] };
  const fields = format === 'csv' ? TEXTS.read(value as Record<string, string>) : value;
  try {
    return { row: place, menu: await validateAs(MenuFieldsDto, fields, location), errors: [] };
  } catch (failure) {
    if (failure instanceof InvalidInputError) return { row: place, errors: failure.errors };
    throw failure;
  }
}
