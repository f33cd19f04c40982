import { toHalf } from './float16.js';
import { isMissing, replacementOf } from './missing-values.js';
import type { RowField } from './row-schema.js';

/** An element of a tensor. */
export type Element = number | bigint | string;

/** Compiles the conversion of a field's checked values to elements: scaled, and with the replacement of missing ones. */
export function elementConverterFor(field: RowField): (value: unknown) => Element {
  const convert = givenConverterFor(field);
  const missing = missingElementOf(field);
  if (missing === undefined) return convert;
  return (value) => (isMissing(field, value) ? missing : convert(value));
}

/** The element in place of a missing value; undefined for a feature that is not nullable. */
export function missingElementOf(field: RowField): Element | undefined {
  const replacement = replacementOf(field);
  return replacement === undefined ? undefined : givenConverterFor(field)(replacement);
}

function givenConverterFor({ type, feature: { mean = 0, std = 1 } }: RowField): (value: unknown) => Element {
  if (type === 'string') return (value) => value as string;
  if (type === 'int64' || type === 'uint64') return (value) => BigInt(value as number | bigint);
  if (type === 'float16') return (value) => toHalf((Number(value) - mean) / std);
  return (value) => (Number(value) - mean) / std;
}
