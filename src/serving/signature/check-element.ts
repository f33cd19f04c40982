import { ELEMENT_RULES } from './element-rules.js';
import { isMissing, isMissingText } from './missing-values.js';
import { numberHint } from './read-text.js';
import type { InputLimits, Location, RowCheck } from './row-check.js';
import type { RowField } from './row-schema.js';

/** Of the allowed values, as many are named in a message. */
const MAX_LISTED = 20;
/** Follows the message about a value that is missing where none may be. */
const HOW_TO_ALLOW_MISSING = '; where it may be missing, set "nullable": true for it in model.json';

/** Whether a value at the innermost depth is valid, or missing where it may be. */
export function isValidScalar(field: RowField, depth: number, value: unknown, { textLength }: InputLimits): boolean {
  if (depth !== field.shape.length || (typeof value === 'string' && value.length > textLength)) return false;
  if (isMissing(field, value)) return true;
  return ELEMENT_RULES[field.type].accepts(value) && isInRange(field, value) && isListed(field, value);
}

/** Adds an error for a value at the innermost depth that is not valid. */
export function checkElement(field: RowField, value: unknown, location: Location, check: RowCheck): void {
  const rule = ELEMENT_RULES[field.type];
  const { textLength } = check.limits;
  const add = (type: string): void => {
    check.add(location, type, `must be ${elementExpectation(field)}${adviceFor(field, value)}`);
  };
  if (typeof value === 'string' && value.length > textLength) {
    check.add(location, 'length', `must have at most ${textLength} characters`);
  } else if (isMissing(field, value)) return;
  else if (!rule.accepts(value)) add(rule.name);
  else if (!isInRange(field, value)) add('range');
  else if (!isListed(field, value)) add('choice');
}

/** The message for a row without a value for this field. */
export function missingMessage(field: RowField): string {
  const advice = field.shape.length === 0 ? HOW_TO_ALLOW_MISSING : '';
  return `is required: ${expectation(field)}${advice}`;
}

/** What a field must be, for messages. */
export function expectation(field: RowField): string {
  const { shape } = field;
  if (shape.length === 0) return elementExpectation(field);
  return `an array of shape [${shape.map((size) => (typeof size === 'string' ? 'any' : size)).join(', ')}]`;
}

function isInRange({ type, feature }: RowField, value: unknown): boolean {
  if (typeof value !== 'number' && typeof value !== 'bigint') return true;
  const { minimum, maximum, mean = 0, std = 1 } = feature;
  if ((minimum !== undefined && value < minimum) || (maximum !== undefined && value > maximum)) return false;
  // The scaled value must fit the element type too.
  return (mean === 0 && std === 1) || ELEMENT_RULES[type].accepts((Number(value) - mean) / std);
}

function isListed({ feature: { values } }: RowField, value: unknown): boolean {
  return values?.includes((typeof value === 'bigint' ? Number(value) : value) as string | number) !== false;
}

function elementExpectation({ type, feature }: RowField): string {
  const { minimum, maximum, unit, values, nullable } = feature;
  const orNull = nullable ? ', or null' : '';
  if (values) {
    const listed = values.slice(0, MAX_LISTED).join(', ');
    return `one of ${listed}${values.length > MAX_LISTED ? ', …' : ''}${orNull}`;
  }
  const from = minimum === undefined ? '' : ` of at least ${minimum}`;
  const to = maximum === undefined ? '' : `${from && ' and'} of at most ${maximum}`;
  return `${ELEMENT_RULES[type].expected}${from}${to}${unit ? ` (${unit})` : ''}${orNull}`;
}

/** What to do about a value that is missing, or of another type. */
function adviceFor(field: RowField, value: unknown): string {
  const isAbsent = value === null || value === undefined || Number.isNaN(value);
  if (!field.feature.nullable && (isAbsent || (typeof value === 'string' && isMissingText(field, value)))) {
    return HOW_TO_ALLOW_MISSING;
  }
  const isPlain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return field.type === 'string' && isPlain ? `; write it as text: "${value}"` : numberHint(value, field.type);
}
