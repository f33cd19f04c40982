/** Members of a JSON object that hold rows: lists of rows, or a table as pandas writes it. */
export const ROW_MEMBERS = ['instances', 'inputs', 'dataframe_records', 'dataframe_split'] as const;
export type RowMember = (typeof ROW_MEMBERS)[number];

/** How a list of values, which has no names, is a row. */
export interface ListRow {
  /** Names of the values, in order. */
  readonly names: readonly string[];
  /** Whether the list as a whole is the one value that a row has. */
  readonly isWhole: boolean;
}

/** How JSON holds rows, besides one object or an array of objects. */
export interface JsonRows {
  /** The members that hold rows; an object with another member is a row. */
  readonly members: readonly RowMember[];
  /** Undefined where a row must be an object. */
  readonly lists?: ListRow | undefined;
}
