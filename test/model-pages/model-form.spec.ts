import { parseValues, submittedTexts } from '../../src/model-pages/form-values.js';
import { buildForm } from '../../src/model-pages/model-form.js';

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
const FORM = buildForm(SCHEMA, EXAMPLE, [{ name: 'size', unit: 'cm', description: 'How large' }]);
const SUBMITTED = { size: '2', count: '', word: '', note: '', flag: 'true', cup: 'small', at: '2024-05-13T08:00' };

describe('buildForm', () => {
  it('makes a control for each property, with unit and range of the feature and the example as initial value', () => {
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

  it('makes a choice of values that are listed, and of true and false where a value may be missing', () => {
    const properties = {
      class: { type: 'integer', enum: [1, 2, 3] },
      city: { type: 'string', enum: ['Seoul', 'Busan', null], nullable: true },
      flag: { type: 'boolean', nullable: true },
      age: { type: 'number', nullable: true },
    };
    const example = { class: 2, city: null, flag: false, age: null };
    const form = buildForm({ properties, required: ['class'] }, example);
    expect(form).toMatchObject({
      kind: 'fields',
      controls: [
        { name: 'class', kind: 'choice', choices: ['1', '2', '3'], isOptional: false, initial: '2' },
        { name: 'city', kind: 'choice', choices: ['Seoul', 'Busan'], isOptional: true, initial: '' },
        { name: 'flag', kind: 'choice', choices: ['true', 'false'], isOptional: true, initial: 'false' },
        { name: 'age', kind: 'number', isOptional: true, initial: '' },
      ],
    });
    expect(parseValues(form, { class: '3', city: '', flag: 'true', age: '' })).toEqual({ class: 3, flag: true });
    expect(submittedTexts(form, { class: '3', city: '', flag: '', age: '' })).toEqual({ class: '3' });
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
  ])('makes a JSON form for %s', (_, schema, example, initial) => {
    expect(buildForm(schema, example)).toEqual({ kind: 'json', initial });
  });

  it('makes a JSON form for more than 64 properties, and leaves out an example of more than 20,000 characters', () => {
    const names = Array.from({ length: 65 }, (_, index) => `x${index}`);
    const properties = Object.fromEntries(names.map((name) => [name, { type: 'number' }]));
    expect(buildForm({ properties }, undefined).kind).toBe('json');
    const x = Array.from({ length: 20_000 }, () => 0);
    expect(buildForm({ properties: { x: { type: 'array' } } }, { x })).toEqual({ kind: 'json', initial: '' });
  });
});

describe('submittedTexts and parseValues', () => {
  it('drop empty optional fields, keep an empty required text, and add false for an unchecked checkbox', () => {
    expect(submittedTexts(FORM, SUBMITTED)).toEqual({
      size: '2',
      word: '',
      flag: 'true',
      cup: 'small',
      at: '2024-05-13T08:00',
    });
    expect(submittedTexts(FORM, {})).toEqual({ flag: 'false' });
  });

  it('parse each text to the type of its control, and keep a text that cannot be parsed', () => {
    expect(parseValues(FORM, { ...SUBMITTED, count: '7' })).toEqual({
      size: 2,
      count: 7,
      word: '',
      flag: true,
      cup: 'small',
      at: '2024-05-13T08:00Z',
    });
    expect(parseValues(FORM, { size: 'wide', flag: 'maybe', at: 'noon', __proto__x: '1' })).toEqual({
      size: 'wide',
      flag: 'maybe',
      at: 'noon',
      __proto__x: '1',
    });
  });

  it('accept fields with the names of members of Object.prototype', () => {
    const submitted = JSON.parse('{"__proto__":"1","constructor":"2"}') as Record<string, string>;
    expect(Object.keys(submittedTexts(FORM, submitted))).toEqual(['__proto__', 'constructor', 'flag']);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });
});
