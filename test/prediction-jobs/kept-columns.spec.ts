import { formatKept, nameKeptColumns, prefixTaken } from '../../src/prediction-jobs/kept-columns.js';

describe('nameKeptColumns', () => {
  it('leaves names as they are unless results have them', () => {
    expect(nameKeptColumns(['id', 'label', '', 'score', 'row'], ['label', 'score'])).toEqual([
      ['id', 'id'],
      ['label', 'input_label'],
      ['', ''],
      ['score', 'input_score'],
      ['row', 'input_row'],
    ]);
  });

  it.each([
    'row',
    'error',
    'label',
    'index',
    'probabilities',
    'value',
    'values',
    'labels',
    'explanation',
    'predictionId',
    'answer',
  ])('keeps %s for results of any model', (name) => {
    expect(nameKeptColumns([name], [])).toEqual([[name, `input_${name}`]]);
  });

  it('gives every column a name of its own', () => {
    expect(prefixTaken(['label', 'input_label'], new Set(['label']))).toEqual(['input_input_label', 'input_label']);
    expect(prefixTaken(['a', 'input_a'], new Set(['a', 'input_a']))).toEqual(['input_input_a', 'input_input_input_a']);
  });
});

describe('formatKept', () => {
  const kept = [
    ['id', 'id'],
    ['row', 'input_row'],
  ] as const;

  it('writes members of JSON with a comma before each', () => {
    expect(formatKept({ row: '"', id: 'a17', x: '1' }, kept, true)).toBe(',"id":"a17","input_row":"\\""');
    expect(formatKept({ id: 9007199254740993n, row: { a: [null] } }, kept, false)).toBe(
      ',"id":9007199254740993,"input_row":{"a":[null]}',
    );
  });

  it('writes an empty text for an empty cell, and nothing for an absent key or a row that cannot be read', () => {
    expect(formatKept({}, kept, true)).toBe(',"id":"","input_row":""');
    expect(formatKept({}, kept, false)).toBe('');
    expect(formatKept(undefined, kept, true)).toBe('');
    expect(formatKept('x', kept, false)).toBe('');
  });
});
