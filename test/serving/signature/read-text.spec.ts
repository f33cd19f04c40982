import { readText } from '../../../src/serving/signature/read-text.js';
import type { ElementType } from '../../../src/serving/signature/tensor.js';

function read(text: string, type: ElementType, shape: readonly (number | string)[] = ['n']): unknown {
  return readText(text, { name: 'cell', type, shape, feature: { name: 'cell' } });
}

describe('A list in a text', () => {
  it.each<[string, ElementType, unknown]>([
    ['[1,2,3]', 'float32', [1, 2, 3]],
    [' [1, 2.5] ', 'float32', [1, 2.5]],
    [
      '[[1,2],[3,4]]',
      'int32',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['[]', 'float32', []],
    ['[9007199254740993]', 'int64', [9007199254740993n]],
    ['["a","b, c","d\\"e"]', 'string', ['a', 'b, c', 'd"e']],
    ['[null]', 'float32', [null]],
  ])('is read from JSON: %s', (text, type, expected) => {
    expect(read(text, type)).toEqual(expected);
  });

  it.each<[string, ElementType, unknown]>([
    ['[True, False]', 'bool', [true, false]],
    ['[ True False]', 'bool', [true, false]],
    ['[true,0,1]', 'bool', [true, false, true]],
    ["['a', \"it's\"]", 'string', ['a', "it's"]],
    ["['a' 'b c']", 'string', ['a', 'b c']],
    ['[1. 2.5]', 'float32', [1, 2.5]],
    ['[ 1  -2 ]', 'int64', [1, -2]],
    [
      '[[1. 2.]\n [3. 4.]]',
      'float64',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['[9007199254740993 1]', 'int64', [9007199254740993n, 1]],
  ])('is read from Python and NumPy: %s', (text, type, expected) => {
    expect(read(text, type)).toEqual(expected);
  });

  it.each<[string, ElementType]>([
    ['', 'float32'],
    ['1,2,3', 'float32'],
    ['[1,2', 'float32'],
    ['[1 2]]', 'float32'],
    ['[1, 2 3]', 'float32'],
    ['[1 ... 9]', 'float32'],
    ['[1. nope]', 'float32'],
    ["['1' '2']", 'float32'],
    ['[a b]', 'string'],
    ["['a\\'b']", 'string'],
    ['[[1 2][3 4]]', 'float32'],
    ['(1, 2)', 'float32'],
    ['{"0":1}', 'float32'],
    [`${'['.repeat(100_000)}x`, 'float32'],
  ])('stays a text to be refused where it could mean several things: %s', (text, type) => {
    expect(read(text, type)).toBe(text);
  });
});

describe('A plain value in a text', () => {
  it.each<[string, ElementType, unknown]>([
    ['True', 'bool', true],
    [' 4500.0', 'int32', 4500],
    ['9007199254740993.0', 'uint64', 9007199254740993n],
    [' 1.5 ', 'float16', 1.5],
    [' a ', 'string', ' a '],
    ['[x]', 'string', '[x]'],
    ['[1.5]', 'float32', [1.5]],
    ['nope', 'float32', 'nope'],
  ])('%j of %s is read', (text, type, expected) => {
    expect(read(text, type, [])).toEqual(expected);
  });
});
