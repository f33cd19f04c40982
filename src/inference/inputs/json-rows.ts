import { type FieldError, InvalidInputError, MAX_ERRORS } from '../../platform/http/index.js';
import {
  checkFrameColumns,
  type ColumnRule,
  type ListRow,
  namedRow,
  nameValues,
  parseDataFrame,
  rowLengthError,
  type RowMember,
} from '../../platform/records/index.js';
import { type CheckedRow, type InputLimits, TooManyRowsError } from '../../serving/index.js';

type Location = FieldError['location'];

/** The input of one prediction, before validation: a row of the model, or an input of its pipeline. */
export interface PredictionInput {
  readonly value: unknown;
  /** Position in the request, for error messages. */
  readonly location: FieldError['location'];
  /** The row where it has been checked as one of the model; `value` is not set then. */
  readonly checked?: CheckedRow;
}

interface RowRules {
  /** How a list of values is a row; undefined where it is none. */
  readonly lists: ListRow | undefined;
  /** Of tables; undefined where the names of a row's values are not known. */
  readonly columns?: ColumnRule | undefined;
  readonly limits: InputLimits;
}

/**
 * Reads the rows in a member of a body, which must be its only one.
 *
 * @throws InvalidInputError, TooManyRowsError
 */
export function readRowMember(body: object, member: RowMember, rules: RowRules): readonly PredictionInput[] {
  const { [member]: held, ...others } = body as Readonly<Record<string, unknown>>;
  const errors = Object.keys(others).map((key): FieldError => {
    return { location: ['body', key], type: 'unknown', message: `${key} is not a known field; known: ${member}` };
  });
  if (errors.length > 0) throw new InvalidInputError(errors);
  const location = ['body', member];
  if (member === 'dataframe_split') return readTable(held, location, rules);
  if (Array.isArray(held)) return readRowList(held, location, rules);
  const message = `${member} must be an array of rows`;
  throw new InvalidInputError([{ location, type: 'array', message }]);
}

/** Reads rows in an array. @throws InvalidInputError, TooManyRowsError */
export function readRowList(
  values: readonly unknown[],
  location: Location,
  { lists, limits }: RowRules,
): readonly PredictionInput[] {
  requireSize(values, location, limits);
  const errors: FieldError[] = [];
  const inputs = values.map((value, index): PredictionInput => {
    const place = [...location, index];
    const row = namedRow(value, lists, place);
    if (row.error && errors.length < MAX_ERRORS) errors.push(row.error);
    return { value: row.value, location: place };
  });
  if (errors.length > 0) throw new InvalidInputError(errors);
  return inputs;
}

function readTable(value: unknown, location: Location, { columns: rule, limits }: RowRules): PredictionInput[] {
  const { columns, data } = parseDataFrame(value, location);
  const place = [...location, 'data'];
  requireSize(data, place, limits);
  if (rule) checkFrameColumns(columns, rule, location);
  const errors: FieldError[] = [];
  const inputs = data.map((values, index): PredictionInput => {
    const row = nameValues(values, columns);
    if (!row && errors.length < MAX_ERRORS) errors.push(rowLengthError([...place, index], columns));
    return { value: row, location: [...place, index] };
  });
  if (errors.length > 0) throw new InvalidInputError(errors);
  return inputs;
}

function requireSize(rows: readonly unknown[], location: Location, limits: InputLimits): void {
  if (rows.length > limits.rows) throw new TooManyRowsError(limits.rows);
  if (rows.length > 0) return;
  const message = `${location.at(-1)} must hold at least one row`;
  throw new InvalidInputError([{ location, type: 'array', message }]);
}
