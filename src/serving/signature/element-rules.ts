import { booleanOf, isStorableText, numberOf, wholeNumberOf } from '../../platform/http/index.js';
import { MAX_HALF } from './float16.js';
import type { ElementType } from './tensor.js';

/** The valid values of an element type. */
export interface ElementRule {
  /** The `type` of a validation error. */
  readonly name: 'number' | 'integer' | 'boolean' | 'text';
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Parses the text of a form field or of a cell; returns text that cannot be parsed unchanged, and `accepts` refuses it. */
  readonly parse: (text: string) => unknown;
}

function real(fits: (value: number) => boolean): ElementRule {
  return {
    name: 'number',
    expected: 'a finite number',
    // The JSON parser makes a bigint of an integer beyond 2^53.
    accepts: (value) => (typeof value === 'number' || typeof value === 'bigint') && fits(Number(value)),
    parse: (text) => numberOf(text) ?? text,
  };
}

/** Integers of at most 32 bits. */
function integer(min: number, max: number): ElementRule {
  return {
    name: 'integer',
    expected: `an integer from ${min} to ${max}`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
    parse: (text) => wholeNumberOf(text) ?? text,
  };
}

/** 64-bit integers: the JSON parser makes a bigint of an integer beyond 2^53. */
function bigInteger(min: bigint, max: bigint): ElementRule {
  return {
    name: 'integer',
    expected: `an integer from ${min} to ${max}`,
    accepts: (value) => {
      if (typeof value === 'bigint') return value >= min && value <= max;
      return Number.isSafeInteger(value) && (value as number) >= min;
    },
    parse: (text) => wholeNumberOf(text) ?? text,
  };
}

const BOOLEAN: ElementRule = {
  name: 'boolean',
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
  parse: (text) => booleanOf(text) ?? text,
};

const TEXT: ElementRule = {
  name: 'text',
  expected: 'well-formed text without NUL',
  accepts: (value) => typeof value === 'string' && isStorableText(value),
  parse: (text) => text,
};

/** The rule of each element type. */
export const ELEMENT_RULES: Record<ElementType, ElementRule> = {
  float32: real((value) => Number.isFinite(Math.fround(value))),
  float64: real(Number.isFinite),
  float16: real((value) => Math.abs(value) <= MAX_HALF),
  int8: integer(-(2 ** 7), 2 ** 7 - 1),
  int16: integer(-(2 ** 15), 2 ** 15 - 1),
  int32: integer(-(2 ** 31), 2 ** 31 - 1),
  int64: bigInteger(-(2n ** 63n), 2n ** 63n - 1n),
  uint8: integer(0, 2 ** 8 - 1),
  uint16: integer(0, 2 ** 16 - 1),
  uint32: integer(0, 2 ** 32 - 1),
  uint64: bigInteger(0n, 2n ** 64n - 1n),
  bool: BOOLEAN,
  string: TEXT,
};
