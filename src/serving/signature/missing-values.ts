import type { RowField } from './row-schema.js';

/** How pandas, R, spreadsheets and databases write that a number or a truth value is missing. */
const MISSING_WORD = /^(?:[-+]?nan|na|n\/a|null|none|<na>|#na|#n\/a|\\n)$/i;

/**
 * Whether a value means that there is none: null, undefined and NaN, for texts the empty text too. Never for a feature that is not
 * nullable.
 */
export function isMissing({ type, feature }: RowField, value: unknown): boolean {
  if (feature.nullable !== true) return false;
  if (value === null || value === undefined || Number.isNaN(value)) return true;
  return value === '' && type === 'string' && feature.values?.includes('') !== true;
}

/** Whether the text of a form field or a cell means that the value of this type is missing. "NA" may be a text. */
export function isMissingText({ type }: Pick<RowField, 'type'>, text: string): boolean {
  return type === 'string' ? text === '' : text.trim() === '' || isMissingWord(text);
}

/** Whether a text without quotes is a word for a missing value, such as NaN, NA, null or None. */
export function isMissingWord(text: string): boolean {
  return MISSING_WORD.test(text.trim());
}

/** Whether each row must have the key. A list is always given, with null for what is missing in it. */
export function isRequired({ shape, feature }: RowField): boolean {
  return feature.default === undefined && (feature.nullable !== true || shape.length > 0);
}

/** What takes the place of a missing value: in the unit of the feature, before it is scaled. Undefined if there is nothing. */
export function replacementOf({ type, feature }: RowField): number | string | boolean | undefined {
  if (feature.nullable !== true) return undefined;
  if (feature.missing !== undefined) return feature.missing;
  return type === 'string' ? '' : type.startsWith('float') ? NaN : undefined;
}
