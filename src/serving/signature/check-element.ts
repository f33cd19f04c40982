import { ELEMENT_RULES } from './element-rules.js';
import { numberHint } from './read-text.js';
import type { InputLimits, Location, RowCheck } from './row-check.js';
import type { RowField } from './row-schema.js';

/** Whether a value at the innermost depth is valid. */
export function isValidScalar(field: RowField, depth: number, value: unknown, { textLength }: InputLimits): boolean {
  if (depth !== field.shape.length || (typeof value === 'string' && value.length > textLength)) return false;
  return ELEMENT_RULES[field.type].accepts(value) && isInRange(field, value);
}

/** Adds an error for a value at the innermost depth that is not valid. */
export function checkElement(field: RowField, value: unknown, location: Location, check: RowCheck): void {
  const rule = ELEMENT_RULES[field.type];
  const { textLength } = check.limits;
  if (typeof value === 'string' && value.length > textLength) {
    check.add(location, 'length', `must have at most ${textLength} characters`);
  } else if (!rule.accepts(value)) {
    check.add(location, rule.name, `must be ${elementExpectation(field)}${numberHint(value, field.type)}`);
  } else if (!isInRange(field, value)) check.add(location, 'range', `must be ${elementExpectation(field)}`);
}

function isInRange({ type, feature }: RowField, value: unknown): boolean {
  if (typeof value !== 'number' && typeof value !== 'bigint') return true;
  const { minimum, maximum, mean = 0, std = 1 } = feature;
  if ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)) return false;
  // The scaled value must fit the element type too.
  return (mean === 0 && std === 1) || ELEMENT_RULES[type].accepts((Number(value) - mean) / std);
}

/** What a field must be, for messages. */
export function expectation(field: RowField): string {
  const { shape } = field;
  if (shape.length === 0) return elementExpectation(field);
  return `an array of shape [${shape.map((size) => (typeof size === 'string' ? 'any' : size)).join(', ')}]`;
}

function elementExpectation({ type, feature: { minimum, maximum, unit } }: RowField): string {
  const from = minimum === undefined ? '' : ` of at least ${minimum}`;
  const to = maximum === undefined ? '' : `${from && ' and'} of at most ${maximum}`;
  return `${ELEMENT_RULES[type].expected}${from}${to}${unit ? ` (${unit})` : ''}`;
}
