import type { Feature } from '../../../src/serving/manifest/manifest.js';
import { preprocessorFor } from '../../../src/serving/pipeline/preprocess.js';
import { checkTensorData } from '../../../src/serving/signature/check-tensors.js';
import { fromHalf, toHalf } from '../../../src/serving/signature/float16.js';
import { readText } from '../../../src/serving/signature/read-text.js';
import { rowSchemaOf } from '../../../src/serving/signature/row-schema.js';
import { RowCheck } from '../../../src/serving/signature/row-check.js';
import { RowValidator } from '../../../src/serving/signature/row-validator.js';
import { allocate, type ElementType, type TensorData } from '../../../src/serving/signature/tensor.js';

const LIMITS = { rows: 10, elements: 100, textLength: 100 };

function schemaOf(type: ElementType, features: readonly Feature[], width: number = features.length) {
  return rowSchemaOf({ inputs: [{ name: 'x', type, shape: ['n', width] }], outputs: [] }, { features });
}

/** The elements of a row's tensor. */
function elementsOf(type: ElementType, feature: Omit<Feature, 'name'>, values: readonly unknown[]): unknown[] {
  const schema = schemaOf(type, [{ name: 'a', ...feature }], 1);
  const validator = new RowValidator(schema);
  const check = new RowCheck(LIMITS);
  const rows = values.map((a) => validator.check({ a }, ['body'], check));
  expect(check.errors).toEqual([]);
  const [tensor] = preprocessorFor(schema)(rows);
  return [...(tensor!.data as unknown as Iterable<unknown>)];
}

describe('A missing value', () => {
  it.each<[ElementType, Omit<Feature, 'name'>, unknown]>([
    ['float32', {}, NaN],
    ['float64', { mean: 5, std: 2 }, NaN],
    ['float32', { mean: 5, std: 2, missing: 1 }, -2],
    ['float64', { missing: -999 }, -999],
    ['int32', { missing: -1 }, -1],
    ['int64', { missing: -1 }, -1n],
    ['uint64', { missing: 0 }, 0n],
    ['bool', { missing: true }, 1],
    ['string', {}, ''],
    ['string', { missing: 'unknown' }, 'unknown'],
  ])('of type %s, %j becomes the element %p', (type, feature, element) => {
    expect(elementsOf(type, { ...feature, nullable: true }, [null, undefined, NaN])).toEqual([
      element,
      element,
      element,
    ]);
  });

  it('of half precision is NaN, or the half of its own value', () => {
    expect(elementsOf('float16', { nullable: true }, [null, 1]).map((bits) => fromHalf(bits as number))).toEqual([
      NaN,
      1,
    ]);
    expect(elementsOf('float16', { nullable: true, missing: 0.5 }, [NaN])).toEqual([toHalf(0.5)]);
  });

  it('is an empty text too, where that is not one of the allowed values', () => {
    const feature = { nullable: true, missing: 'unknown' };
    expect(elementsOf('string', feature, ['', 'a'])).toEqual(['unknown', 'a']);
    expect(elementsOf('string', { ...feature, values: ['', 'a'] }, ['', 'a', null])).toEqual(['', 'a', 'unknown']);
  });

  it('is no absent key, and no undefined, of a feature with a default', () => {
    const validator = new RowValidator(schemaOf('float32', [{ name: 'a', nullable: true, default: 7 }], 1));
    const valueOf = (row: object): unknown => validator.check(row, ['body'], new RowCheck(LIMITS))[0];
    expect([{}, { a: undefined }, { a: null }, { a: NaN }].map(valueOf)).toEqual([7, 7, null, null]);
  });

  it('in a list is an element, also of a typed array', () => {
    const elements = (missing: number | undefined, value: unknown): unknown[] => {
      const schema = schemaOf('float32', [{ name: 'a', nullable: true, missing }], 3);
      const check = new RowCheck(LIMITS);
      const row = new RowValidator(schema).check({ a: value }, ['body'], check);
      expect(check.errors).toEqual([]);
      return [...(preprocessorFor(schema)([row])[0]!.data as Float32Array)];
    };
    for (const list of [[1, null, 3], [1, undefined, 3], [1, NaN, 3], Float32Array.of(1, NaN, 3)]) {
      expect(elements(undefined, list)).toEqual([1, NaN, 3]);
      expect(elements(-9, list)).toEqual([1, -9, 3]);
    }
  });
});

describe('readText of a nullable feature', () => {
  const read = (text: string, type: ElementType, feature: object = {}): unknown => {
    return readText(text, { name: 'a', type, shape: [], feature: { name: 'a', nullable: true, ...feature } });
  };

  it.each<ElementType>(['float32', 'int64', 'bool'])('takes words for a missing value of type %s', (type) => {
    for (const text of ['NaN', '-nan', 'NA', 'n/a', '#N/A', '<NA>', 'null', 'NULL', 'None', '\\N', ' NA ', ' ']) {
      expect(read(text, type)).toBeNull();
    }
    expect(read('', type)).toBeUndefined();
    for (const text of ['nano', 'N', '-', 'none at all', '?']) expect(read(text, type)).toBe(text);
  });

  it('takes no word in a text for a missing value, and knows an allowed value among spaces', () => {
    for (const text of ['NaN', 'None', ' ']) expect(read(text, 'string')).toBe(text);
    expect(read(' male ', 'string', { values: ['male', 'female'] })).toBe('male');
    expect(read(' male ', 'string', { values: ['male', ' male '] })).toBe(' male ');
    expect(read(' other ', 'string', { values: ['male'] })).toBe(' other ');
  });

  it('leaves such words alone where no value may be missing', () => {
    expect(read('NaN', 'float32', { nullable: false })).toBe('NaN');
    expect(read('', 'float32', { nullable: false })).toBe('');
  });
});

describe('checkTensorData', () => {
  const columns = [{ name: 'a', nullable: true }, { name: 'b', nullable: true, missing: -1 }, { name: 'c' }];
  const checked = (type: ElementType, values: readonly unknown[], features: readonly Feature[] = columns) => {
    const data = allocate(type, values.length);
    values.forEach((value, index) => ((data as unknown[])[index] = value));
    const shape = [values.length / features.length, features.length];
    checkTensorData({ name: 'x', type, shape, data }, schemaOf(type, features).inputs);
    return [...(data as TensorData & Iterable<unknown>)];
  };

  it('puts the value for missing ones in place of NaN, column by column', () => {
    expect(checked('float32', [NaN, NaN, 3, 4, NaN, 6])).toEqual([NaN, -1, 3, 4, -1, 6]);
    expect(checked('float64', [NaN, 2, 3])).toEqual([NaN, 2, 3]);
    expect(checked('float16', [0x7e01, 0x7e00, 1]).map((bits) => fromHalf(bits as number))[1]).toBe(-1);
    expect(() => checked('float32', [1, 2, NaN])).toThrow('value at 2 is not. Where it may be missing, set "nullable"');
    expect(() => checked('float32', [NaN, -Infinity, 3])).toThrow('value at 1 is not.');
    expect(() => checked('float16', [1, 0x7c00, 3])).toThrow('value at 1 is not.');
  });

  it('puts the value for missing ones in place of empty texts', () => {
    const texts = [
      { name: 'a', nullable: true, missing: 'none' },
      { name: 'b', nullable: true },
      { name: 'c', nullable: true, missing: 'none', values: ['', 'c'] },
      { name: 'd' },
    ];
    expect(checked('string', ['', '', '', '', 'a', 'b', 'c', 'd'], texts)).toEqual([
      'none',
      '',
      '',
      '',
      ...['a', 'b', 'c', 'd'],
    ]);
  });
});
