import { ELEMENT_RULES } from './element-rules.js';
import { isMissing } from './missing-values.js';
import type { CheckedRow, InputLimits, RowCheck } from './row-check.js';
import type { RowField, RowSchema } from './row-schema.js';

/** Whether a value is certainly valid; an invalid or an unusual one is not. */
type Accepts = (value: unknown, limits: InputLimits) => boolean;

interface FastField {
  readonly name: string;
  readonly defaultValue: unknown;
  /** Undefined where the field always needs the full check. */
  readonly accepts: Accepts | undefined;
  /** Whether a value that is not accepted means a missing one; undefined for a field that is not nullable. */
  readonly isMissing: ((value: unknown) => boolean) | undefined;
}

/** The greatest finite float32. */
const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * The fast path of `RowValidator`: accepts most valid rows without making locations and messages. A row that it does not
 * accept gets the full check.
 */
export class FastRowValidator {
  private readonly fields: readonly FastField[];

  constructor({ fields }: RowSchema) {
    this.fields = fields.map((field) => {
      const { name, feature } = field;
      return { name, defaultValue: feature.default, accepts: acceptsFor(field), isMissing: missingTestFor(field) };
    });
  }

  /** The row's values in the order of the fields; undefined if the row needs the full check. */
  accept(row: object, check: RowCheck): CheckedRow | undefined {
    const values: unknown[] = [];
    let given = 0;
    let elements = 0;
    for (const field of this.fields) {
      const { name, defaultValue, accepts } = field;
      const isGiven = Object.hasOwn(row, name);
      let value = isGiven ? (row as Record<string, unknown>)[name] : undefined;
      if (value === undefined) value = defaultValue;
      if (accepts === undefined || value === undefined || !accepts(value, check.limits)) {
        if (field.isMissing?.(value) !== true) return undefined;
        value = null;
      }
      if (isGiven) given += 1;
      if (Array.isArray(value)) elements += value.length;
      values.push(value);
    }
    if (Object.keys(row).length !== given) return undefined;
    check.count(elements);
    return values;
  }
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
