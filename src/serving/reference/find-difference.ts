import { isClose } from '../pipeline/self-test.js';
import { isSameLabel } from '../signature/same-label.js';

/** Digits in messages: those of a float32. */
const DIGITS = 7;

/**
 * Compares what a model gave with what is expected of it, and of an object only the members that are expected.
 *
 * @param path of the value, for messages: `probabilities.setosa`
 * @param source of the expectation, for messages
 * @returns the first difference, in words; undefined if there is none
 */
export function findDifference(
  actual: unknown,
  expected: unknown,
  { path, tolerance, source }: { readonly path: string; readonly tolerance: number; readonly source: string },
): string | undefined {
  const inside = (key: string | number) => ({ path: `${path}.${key}`, tolerance, source });
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length === expected.length) {
    return firstOf(expected, (item, index) => findDifference(actual[index], item, inside(index)));
  }
  if (isRecord(actual) && isRecord(expected)) {
    return firstOf(Object.keys(expected), (key) => {
      const own = keyOf(actual, key);
      if (own !== undefined) return findDifference(actual[own], expected[key], inside(key));
      return `${path} has no "${key}"; it has ${Object.keys(actual).join(', ')}`;
    });
  }
  if (isSame(actual, expected, tolerance)) return undefined;
  return `${path} is ${format(actual)}, and ${source} expects ${format(expected, actual)}`;
}

/** Numbers by their distance, all else by its text: a label may be the number `1`, the text "1" or a boolean. */
function isSame(actual: unknown, expected: unknown, tolerance: number): boolean {
  if (isNumber(actual) && isNumber(expected)) {
    return actual === expected || isClose(Number(actual), Number(expected), tolerance);
  }
  return isScalar(actual) && isScalar(expected) && isSameLabel(String(actual), String(expected));
}

function keyOf(record: Readonly<Record<string, unknown>>, key: string): string | undefined {
  if (Object.hasOwn(record, key)) return key;
  return Object.keys(record).find((own) => isSameLabel(own, key));
}

function firstOf<T>(items: readonly T[], find: (item: T, index: number) => string | undefined): string | undefined {
  for (let index = 0; index < items.length; index += 1) {
    const found = find(items[index]!, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Short, unless that would hide the difference to another number. */
function format(value: unknown, other?: unknown): string {
  if (typeof value !== 'number')
    return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'missing');
  const short = Number(value.toPrecision(DIGITS));
  return String(typeof other === 'number' && short === Number(other.toPrecision(DIGITS)) ? value : short);
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isScalar(value: unknown): boolean {
  return isNumber(value) || typeof value === 'string' || typeof value === 'boolean';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
