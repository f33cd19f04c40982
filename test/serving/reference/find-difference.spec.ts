import { findDifference } from '../../../src/serving/reference/find-difference.js';

const difference = (actual: unknown, expected: unknown, path = 'value') =>
  findDifference(actual, expected, { path, tolerance: 1e-4, source: 'reference.json' });

describe('findDifference', () => {
  it.each<[string, unknown, unknown]>([
    ['numbers within the tolerance', 0.73, 0.730_05],
    ['great numbers within the same share', 73_000, 73_005],
    ['64-bit integers', 2n ** 60n, 2n ** 60n],
    ['a list of values', [1, 2], [1, 2.000_01]],
    ['some of the members', { a: 0.1, b: 0.9 }, { b: 0.9 }],
    ['a label that is a number', '1', 1],
    ['a label of a column with gaps, as pandas writes it', '1', '1.0'],
    ['a label that is a boolean, written by Python', 'true', 'True'],
    ['a label that is a boolean, as the class 0', '0', false],
    ['a probability by a label that is a number', { 1: 0.2, 2: 0.8 }, { '2.0': 0.8 }],
    ['equal texts', 'poor', 'poor'],
  ])('accepts %s', (_, actual, expected) => {
    expect(difference(actual, expected)).toBeUndefined();
  });

  it.each<[string, unknown, unknown, string]>([
    ['a number', 0.91, 0.73, 'value is 0.91, and reference.json expects 0.73'],
    ['a member', { a: 0.91 }, { a: 0.73 }, 'value.a is 0.91, and reference.json expects 0.73'],
    ['a text', 'poor', 'fair', 'value is "poor", and reference.json expects "fair"'],
    ['a text in another case', 'poor', 'Poor', 'value is "poor", and reference.json expects "Poor"'],
    ['a code with a leading zero', '007', '7', 'value is "007", and reference.json expects "7"'],
    ['an element of a list', [1, 2], [1, 3], 'value.1 is 2, and reference.json expects 3'],
    ['a list that is longer', [1, 2], [1, 2, 3], 'value is [1,2], and reference.json expects [1,2,3]'],
    ['a value of another kind', 0.5, 'half', 'value is 0.5, and reference.json expects "half"'],
    ['a value that is none', 0.5, null, 'value is 0.5, and reference.json expects null'],
    ['a 64-bit integer', 2n ** 60n, 5, 'value is 1152921504606846976, and reference.json expects 5'],
    ['an unknown member', { a: 1, b: 2 }, { c: 1 }, 'value has no "c"; it has a, b'],
  ])('tells of %s that differs', (_, actual, expected, message) => {
    expect(difference(actual, expected)).toBe(message);
  });

  it('writes as many digits as tell two numbers apart', () => {
    const options = { path: 'value', tolerance: 0, source: 'reference.json' };
    expect(findDifference(0.123_456_78, 0.123_456_79, options)).toBe(
      'value is 0.1234568, and reference.json expects 0.12345679',
    );
  });
});
