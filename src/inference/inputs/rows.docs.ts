import { type JsonRows, ROW_MEMBERS, type RowMember } from '../../platform/records/index.js';
import type { JsonSchema } from '../../serving/index.js';

/** What a body of several rows is described by. */
interface RowsDescription {
  /** Schema of a row with names, or a reference to it. */
  readonly row: object;
  readonly rows: JsonRows;
  /** The names of the values; undefined where they are not known. */
  readonly columns: readonly string[] | undefined;
  /** The schema of the value, of a row that has one. */
  readonly value?: JsonSchema | undefined;
  readonly maxItems?: number;
}

const ANY_LIST = { type: 'array', items: {}, description: 'The values in the order of the features' };

/** Schemas of JSON bodies that hold several rows, for OpenAPI: an object with one member. */
export function rowMemberSchemas(description: RowsDescription): object[] {
  return description.rows.members.map((member) => ({
    type: 'object',
    required: [member],
    additionalProperties: false,
    properties: { [member]: memberSchema(member, description) },
  }));
}

/** The same for any model. */
export function anyRowMemberSchemas(row: object): object[] {
  const lists = { names: [], isWhole: true };
  return rowMemberSchemas({ row, rows: { members: ROW_MEMBERS, lists }, columns: undefined });
}

/** An array of rows. */
export function rowsSchema({ row, rows: { lists }, value, maxItems }: RowsDescription): object {
  const list = lists && (lists.isWhole ? (value ?? ANY_LIST) : listSchema(lists.names));
  const items = list ? { oneOf: [row, list] } : row;
  return { type: 'array', items, minItems: 1, ...(maxItems === undefined ? {} : { maxItems }) };
}

function memberSchema(member: RowMember, description: RowsDescription): object {
  return member === 'dataframe_split' ? tableSchema(description) : rowsSchema(description);
}

function listSchema(names: readonly string[]): object {
  const { length } = names;
  return {
    type: 'array',
    items: {},
    minItems: length,
    maxItems: length,
    description: `In this order: ${names.join(', ')}`,
  };
}

function tableSchema({ columns, maxItems }: RowsDescription): object {
  const name = { type: 'string', ...(columns ? { enum: columns } : {}) };
  const row = { type: 'array', items: {}, description: 'A value for each column' };
  return {
    type: 'object',
    description: 'A table as `DataFrame.to_json(orient="split")` of pandas writes it',
    required: ['columns', 'data'],
    additionalProperties: false,
    properties: {
      columns: { type: 'array', items: name, minItems: 1, uniqueItems: true },
      index: { type: 'array', items: {}, nullable: true, description: 'Ignored' },
      data: { type: 'array', items: row, minItems: 1, ...(maxItems === undefined ? {} : { maxItems }) },
    },
  };
}
