import { ELEMENT_RULES } from './element-rules.js';
import type { RowField, RowSchema } from './row-schema.js';
import type { CheckedRow, InputLimits, RowCheck } from './row-check.js';

/** Whether a value breaks no rule for sure; `false` says nothing. */
type Accepts = (value: unknown, limits: InputLimits) => boolean;

interface Acceptance {
  readonly name: string;
  readonly substitute: unknown;
  /** Undefined where the slower check has to look in any case. */
  readonly accepts: Accepts | undefined;
}

/** Of which all are finite as float32. */
const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * Accepts, quickly, rows in which nothing is wrong: nearly all of them. It names no errors and answers nothing where it is
 * not sure: `RowValidator` checks those again. What it accepts, `RowValidator` accepts.
 */
export class RowAcceptance {
  private readonly fields: readonly Acceptance[];

  constructor({ fields }: RowSchema) {
    this.fields = fields.map((field) => {
      return { name: field.name, substitute: field.feature.default, accepts: acceptsFor(field) };
    });
  }

  /** The row's values in the order of the fields; undefined where something may be wrong with it. */
  accept(row: object, check: RowCheck): CheckedRow | undefined {
    const values: unknown[] = [];
    let given = 0;
    let elements = 0;
    for (const { name, substitute, accepts } of this.fields) {
      const isGiven = Object.hasOwn(row, name);
      const value = isGiven ? (row as Record<string, unknown>)[name] : substitute;
      if (accepts === undefined || value === undefined || !accepts(value, check.limits)) return undefined;
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
  const accepts = elementAcceptsFor(field);
  if (field.shape.length === 0) return accepts;
  if (field.shape.length > 1 || typeof size !== 'number' || size === 0) return undefined;
  return (value, limits) => {
    if (!Array.isArray(value) || value.length !== size) return false;
    for (let index = 0; index < size; index += 1) if (!accepts(value[index], limits)) return false;
    return true;
  };
}

/** The same for one element of a field. */
export function elementAcceptsFor({ type, feature }: RowField): Accepts {
  const { minimum = -Infinity, maximum = Infinity, mean = 0, std = 1 } = feature;
  if (type === 'string') {
    return (value, limits) => {
      return typeof value === 'string' && value.length <= limits.textLength && ELEMENT_RULES.string.accepts(value);
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
