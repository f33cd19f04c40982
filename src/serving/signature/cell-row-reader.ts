import { numberOf } from '../../platform/http/index.js';
import { acceptValue, type FastField, fastFieldsOf } from './fast-row-validator.js';
import { readText } from './read-text.js';
import type { CheckedRow, InputLimits } from './row-check.js';
import type { RowField, RowSchema } from './row-schema.js';

interface CellField extends FastField {
  /** Reads a cell that is not empty. */
  readonly read: (text: string) => unknown;
}

/** Where the cells of a table go. */
interface Layout {
  readonly columns: readonly string[];
  /** The column of each field; -1 where it has none. */
  readonly positions: readonly number[];
  /** The columns that are no fields, where these must be empty. */
  readonly others: readonly number[];
}

/**
 * The fast path of tables of text: reads the cells of most valid rows as `RowValidator.fromForm` and `check` do, without making an
 * object of a row.
 */
export class CellRowReader {
  private readonly fields: readonly CellField[];
  private readonly areScalars: boolean;
  private layout: Layout | undefined;

  /** @param ignoresOthers whether columns that are no fields may have values */
  constructor(
    schema: RowSchema,
    private readonly limits: InputLimits,
    private readonly ignoresOthers: boolean,
  ) {
    const { fields } = schema;
    this.fields = fastFieldsOf(schema).map((field, index) => ({ ...field, read: cellReaderFor(fields[index]!) }));
    // The values of lists are counted against the limit of a request.
    this.areScalars = fields.every(({ shape, hasUnknownRank }) => shape.length === 0 && !hasUnknownRank);
  }

  /** The row's values in the order of the fields; undefined if the row needs the full check. @param columns the header of the table */
  read(cells: readonly string[], columns: readonly string[]): CheckedRow | undefined {
    if (!this.areScalars) return undefined;
    if (this.layout?.columns !== columns) this.layout = this.layoutOf(columns);
    const { positions, others } = this.layout;
    for (const other of others) if (cells[other] !== '') return undefined;
    const { fields, limits } = this;
    const values = new Array<unknown>(fields.length);
    let isEmpty = true;
    for (let index = 0; index < fields.length; index += 1) {
      const field = fields[index]!;
      const text = cells[positions[index]!] ?? '';
      if (text !== '') isEmpty = false;
      const value = acceptValue(field, text === '' ? undefined : field.read(text), limits);
      if (value === undefined) return undefined;
      values[index] = value;
    }
    return isEmpty ? undefined : values;
  }

  private layoutOf(columns: readonly string[]): Layout {
    const columnsByName = new Map(columns.map((name, column) => [name, column]));
    const positions = this.fields.map(({ name }) => columnsByName.get(name) ?? -1);
    if (this.ignoresOthers) return { columns, positions, others: [] };
    const used = new Set(positions);
    return { columns, positions, others: [...columns.keys()].filter((column) => !used.has(column)) };
  }
}

function cellReaderFor(field: RowField): CellField['read'] {
  const { type } = field;
  if (type === 'float32' || type === 'float64') return (text) => numberOf(text) ?? readText(text, field);
  // One string for all rows that have it: the cells need not be kept.
  const known = new Map(type === 'string' ? field.feature.values?.map((value) => [String(value), value]) : []);
  return (text) => known.get(text) ?? readText(text, field);
}
