import { formOf } from '../../src/model-pages/model-form.js';
import { textsOf, valuesOf } from '../../src/model-pages/read-form.js';

const SCHEMA = {
  type: 'object',
  properties: {
    size: { type: 'number', minimum: 0, description: 'How large, in cm' },
    count: { type: 'integer', format: 'int64', default: 3 },
    word: { type: 'string' },
    note: { type: 'string', default: 'none' },
    flag: { type: 'boolean' },
    cup: { type: 'string', enum: ['small', 'large'] },
    at: { type: 'string', format: 'date-time' },
  },
  required: ['size', 'word', 'flag', 'cup'],
};
const EXAMPLE = { size: 1.5, word: 'latte', flag: true, cup: 'large' };
const FORM = formOf(SCHEMA, EXAMPLE, [{ name: 'size', unit: 'cm', description: 'How large' }]);
const FILLED = { size: '2', count: '', word: '', note: '', flag: 'true', cup: 'small', at: '2024-05-13T08:00' };

describe('the form of a model', () => {
  it('has a control for each value, with what the manifest says of it and the example filled in', () => {
    const of = (name: string) => FORM.kind === 'fields' && FORM.controls.find((control) => control.name === name);
    expect(of('size')).toMatchObject({
      kind: 'number',
      unit: 'cm',
      description: 'How large',
      minimum: 0,
      initial: '1.5',
    });
    expect(of('count')).toMatchObject({ kind: 'integer', isOptional: true, initial: '3' });
    expect(of('word')).toMatchObject({ kind: 'text', isOptional: false, initial: 'latte' });
    expect(of('flag')).toMatchObject({ kind: 'checkbox', initial: 'true' });
    expect(of('cup')).toMatchObject({ kind: 'choice', choices: ['small', 'large'], initial: 'large' });
    expect(of('at')).toMatchObject({ kind: 'instant', isOptional: true, initial: '' });
  });

  it.each([
    [
      'an array',
      { properties: { x: { type: 'array', items: { type: 'number' } } } },
      { x: [1, 2] },
      '{\n  "x": [1,2]\n}',
    ],
    ['an object', { properties: { x: { type: 'object' } } }, undefined, '{}'],
    [
      'an integer beyond 2^53',
      { properties: { x: { type: 'array' } } },
      { x: [2n ** 60n] },
      '{\n  "x": [1152921504606846976]\n}',
    ],
    ['no value at all', { properties: {} }, undefined, '{}'],
  ])('is JSON for %s', (_, schema, example, initial) => {
    expect(formOf(schema, example)).toEqual({ kind: 'json', initial });
  });

  it('is JSON where there are more values than anybody fills in, and without an example that is too long', () => {
    const names = Array.from({ length: 65 }, (_, index) => `x${index}`);
    const properties = Object.fromEntries(names.map((name) => [name, { type: 'number' }]));
    expect(formOf({ properties }, undefined).kind).toBe('json');
    const x = Array.from({ length: 20_000 }, () => 0);
    expect(formOf({ properties: { x: { type: 'array' } } }, { x })).toEqual({ kind: 'json', initial: '' });
  });
});

describe('what was filled in', () => {
  it('is texts without what was left empty, but for a text that has to be there; a box without a tick is false', () => {
    expect(textsOf(FORM, FILLED)).toEqual({ size: '2', word: '', flag: 'true', cup: 'small', at: '2024-05-13T08:00' });
    expect(textsOf(FORM, {})).toEqual({ flag: 'false' });
  });

  it('is values of the types that are asked for; what cannot be read stays a text', () => {
    expect(valuesOf(FORM, { ...FILLED, count: '7' })).toEqual({
      size: 2,
      count: 7,
      word: '',
      flag: true,
      cup: 'small',
      at: '2024-05-13T08:00Z',
    });
    expect(valuesOf(FORM, { size: 'wide', flag: 'maybe', at: 'noon', __proto__x: '1' })).toEqual({
      size: 'wide',
      flag: 'maybe',
      at: 'noon',
      __proto__x: '1',
    });
  });

  it('may be named as parts of every object are', () => {
    const entered = JSON.parse('{"__proto__":"1","constructor":"2"}') as Record<string, string>;
    expect(Object.keys(textsOf(FORM, entered))).toEqual(['__proto__', 'constructor', 'flag']);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });
});
