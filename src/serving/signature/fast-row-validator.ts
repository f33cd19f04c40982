import { ELEMENT_RULES } from './element-rules.js';
import { isMissing } from './missing-values.js';
import type { CheckedRow, InputLimits, RowCheck } from './row-check.js';
import type { RowField, RowSchema } from './row-schema.js';

/** Whether a value is certainly valid; an invalid or an unusual one is not. */
type Accepts = (value: unknown, limits: InputLimits) => boolean;

/** What the fast check of a field needs. */
export interface FastField {
  readonly name: string;
  readonly defaultValue: unknown;
  /** Undefined where the field always needs the full check. */
  readonly accepts: Accepts | undefined;
  /** Whether a value that is not accepted means a missing one; undefined for a field that is not nullable. */
  readonly isMissing: ((value: unknown) => boolean) | undefined;
}

/** The greatest finite float32. */
export const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * The fast path of `RowValidator`: accepts most valid rows without making locations and messages. A row that it does not
 * accept gets the full check.
 */
export class FastRowValidator {
  private readonly fields: readonly FastField[];

  constructor(schema: RowSchema) {
    this.fields = fastFieldsOf(schema);
  }

  /** The row's values in the order of the fields; undefined if the row needs the full check. */
  accept(row: object, check: RowCheck): CheckedRow | undefined {
    const values: unknown[] = [];
    let given = 0;
    let elements = 0;
    for (const field of this.fields) {
      const { name } = field;
      const isGiven = Object.hasOwn(row, name);
      const value = acceptValue(field, isGiven ? (row as Record<string, unknown>)[name] : undefined, check.limits);
      if (value === undefined) return undefined;
      if (isGiven) given += 1;
      if (Array.isArray(value)) elements += value.length;
      values.push(value);
    }
    if (Object.keys(row).length !== given) return undefined;
    check.count(elements);
    return values;
  }
}

/** What the fast check needs of each field, in the order of the schema. */
export function fastFieldsOf({ fields }: RowSchema): readonly FastField[] {
  return fields.map((field) => {
    const { name, feature } = field;
    return { name, defaultValue: feature.default, accepts: acceptsFor(field), isMissing: missingTestFor(field) };
  });
}

/** The value of a field, or its default where it is undefined; null where it is missing. Undefined if it needs the full check. */
export function acceptValue(field: FastField, given: unknown, limits: InputLimits): unknown {
  const value = given === undefined ? field.defaultValue : given;
  if (field.accepts !== undefined && value !== undefined && field.accepts(value, limits)) return value;
  return field.isMissing?.(value) === true ? null : undefined;
}

function acceptsFor(field: RowField): Accepts | undefined {
  const [size] = field.shape;
  if (field.hasUnknownRank) return undefined;
  const acceptsGiven = elementAcceptsFor(field);
  if (field.shape.length === 0) return acceptsGiven;
  if (field.shape.length > 1 || typeof size !== 'number' || size === 0) return undefined;
  const accepts: Accepts = field.feature.nullable
    ? (value, limits) => acceptsGiven(value, limits) || isMissing(field, value)
    : acceptsGiven;
  return (value, limits) => {
    if (!Array.isArray(value) || value.length !== size) return false;
    for (let index = 0; index < size; index += 1) if (!accepts(value[index], limits)) return false;
    return true;
  };
}

/** A list itself is never missing. */
function missingTestFor(field: RowField): FastField['isMissing'] {
  if (field.feature.nullable !== true || field.shape.length > 0) return undefined;
  return (value) => isMissing(field, value);
}

/** The check of one element of a field that is not missing. */
export function elementAcceptsFor({ type, feature }: RowField): Accepts {
  const { values, nullable } = feature;
  if (values) {
    const listed = new Set<unknown>(values);
    return (value) => listed.has(value);
  }
  const { minimum = -Infinity, maximum = Infinity, mean = 0, std = 1 } = feature;
  if (type === 'string') {
    const leastLength = nullable ? 1 : 0;
    return (value, limits) => {
      if (typeof value !== 'string' || value.length < leastLength) return false;
      return value.length <= limits.textLength && ELEMENT_RULES.string.accepts(value);
    };
  }
  if (mean === 0 && std === 1 && (type === 'float32' || type === 'float64')) {
    const greatest = type === 'float32' ? MAX_FLOAT32 : Number.MAX_VALUE;
    const [from, to] = [Math.max(minimum, -greatest), Math.min(maximum, greatest)];
    return (value) => typeof value === 'number' && value >= from && value <= to;
  }
  const { accepts } = ELEMENT_RULES[type];
  return (value) => {
    if (typeof value !== 'number') return typeof value === 'boolean' && accepts(value);
    return value >= minimum && value <= maximum && accepts(value) && accepts((value - mean) / std);
  };
}
