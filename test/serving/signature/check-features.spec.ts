import type { Feature } from '../../../src/serving/manifest/manifest.js';
import { checkFeatureValues } from '../../../src/serving/signature/check-features.js';
import { RowCheck } from '../../../src/serving/signature/row-check.js';
import { rowSchemaOf } from '../../../src/serving/signature/row-schema.js';
import type { ElementType } from '../../../src/serving/signature/tensor.js';

const LIMITS = { rows: 10, elements: 100, textLength: 10 };

/** Checks a manifest with one feature for an input of this type. */
function check(type: ElementType, feature: Omit<Feature, 'name'>, shape: (number | string)[] = ['n', 1]): void {
  const signature = { inputs: [{ name: 'x', type, shape }], outputs: [] };
  checkFeatureValues(rowSchemaOf(signature, { features: [{ name: 'x', ...feature }] }), new RowCheck(LIMITS));
}

const VALUES_FOR_MISSING: [ElementType, Feature['missing']][] = [
  ['float32', undefined],
  ['float64', -999],
  ['float16', 65_504],
  ['string', undefined],
  ['string', 'unknown'],
  ['int8', -128],
  ['int64', -1],
  ['uint64', 0],
  ['bool', false],
];

describe('A nullable feature', () => {
  it.each(VALUES_FOR_MISSING)('of type %s may have %j for a missing value', (type, missing) => {
    expect(() => check(type, { nullable: true, missing })).not.toThrow();
    expect(() => check(type, { nullable: true, missing }, ['n', 3])).not.toThrow();
  });

  it.each<ElementType>(['int8', 'int64', 'uint8', 'uint64', 'bool'])(
    'of type %s needs a value that means "missing"',
    (type) => {
      expect(() => check(type, { nullable: true })).toThrow(
        `the feature "x" is nullable, and ${type} has no value that means "missing": choose one that the model knows`,
      );
    },
  );

  it.each<[ElementType, Feature['missing'], string]>([
    ['float32', 'none', 'x.missing must be a finite number'],
    ['float32', 1e39, 'x.missing must be a finite number'],
    ['float16', 65_505, 'x.missing must be a finite number'],
    ['int8', 128, 'x.missing must be an integer from -128 to 127'],
    ['int64', 1.5, 'x.missing must be an integer'],
    ['int64', 2 ** 53, 'x.missing must be an integer'],
    ['uint8', -1, 'x.missing must be an integer from 0 to 255'],
    ['bool', 0, 'x.missing must be true or false'],
    ['string', 0, 'x.missing must be well-formed text without NUL; write it as text: "0"'],
  ])('of type %s cannot have %j for a missing value', (type, missing, message) => {
    expect(() => check(type, { nullable: true, missing })).toThrow(`model.json is wrong: ${message}`);
  });

  it('may have a value for a missing one outside of its range and its allowed values, but not beyond its type when scaled', () => {
    expect(() => check('float32', { nullable: true, missing: -1, minimum: 0, values: [1, 2] })).not.toThrow();
    const scaled = { nullable: true, missing: 3e38, mean: -3e38, std: 0.1 };
    expect(() => check('float32', scaled)).toThrow('x.missing must be');
  });

  it('is what a value for missing ones belongs to', () => {
    expect(() => check('float32', { missing: -1 })).toThrow('add "nullable": true, or remove it');
    expect(() => check('float32', { missing: -1, nullable: false })).toThrow('add "nullable": true, or remove it');
  });
});

describe('The allowed values of a feature', () => {
  it.each<[ElementType, Feature]>([
    ['string', { name: 'x', values: ['male', 'female', ''] }],
    ['int64', { name: 'x', values: [1, 2, 3], minimum: 1 }],
    ['float16', { name: 'x', values: [0.5, 1], default: 0.5 }],
  ])('of type %s fit', (type, feature) => {
    expect(() => check(type, feature)).not.toThrow();
  });

  it.each<[string, ElementType, Omit<Feature, 'name'>, string]>([
    ['a text for a number', 'int64', { values: [1, 'two'] }, 'x.values.1 must be an integer'],
    ['a number for a text', 'string', { values: [1] }, 'x.values.0 must be well-formed text without NUL; write it'],
    ['a number beyond the type', 'int8', { values: [1, 300] }, 'x.values.1 must be an integer from -128 to 127'],
    ['a number outside of the range', 'float32', { values: [1, 7], maximum: 5 }, 'x.values.1 must be a finite number'],
    ['an empty number', 'float32', { values: [1, ''], nullable: true }, 'x.values.1 must be a finite number'],
    ['true and false', 'bool', { values: ['true'] }, 'takes true and false: remove its "values"'],
    [
      'another default',
      'string',
      { values: ['a'], default: 'b' },
      'default in model.json is wrong: x must be one of a',
    ],
  ])('are checked when the model loads: %s', (_, type, feature, message) => {
    expect(() => check(type, feature)).toThrow(message);
  });
});
