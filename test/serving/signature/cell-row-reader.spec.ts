import fc from 'fast-check';
import type { Feature } from '../../../src/serving/manifest/manifest.js';
import { CellRowReader } from '../../../src/serving/signature/cell-row-reader.js';
import { RowCheck } from '../../../src/serving/signature/row-check.js';
import { rowSchemaOf } from '../../../src/serving/signature/row-schema.js';
import { RowValidator } from '../../../src/serving/signature/row-validator.js';
import type { ElementType, Signature } from '../../../src/serving/signature/tensor.js';

const LIMITS = { rows: 10, elements: 6, textLength: 5 };
const TYPES: Readonly<Record<string, ElementType>> = {
  size: 'float32',
  count: 'int32',
  id: 'int64',
  scaled: 'float32',
  word: 'string',
  flag: 'bool',
  half: 'float16',
  wide: 'float64',
};
const NAMES = Object.keys(TYPES);
const signature: Signature = {
  inputs: Object.entries(TYPES).map(([name, type]) => ({ name, type, shape: ['n', 1] })),
  outputs: [],
};
const MORE: Readonly<Record<string, object>> = {
  size: { minimum: -1, maximum: 10 },
  count: { minimum: 0, values: [1, 2, 7], missing: 9 },
  id: { missing: -1, default: 3 },
  scaled: { mean: 1, std: 1e-38 },
  word: { values: ['a', 'bb'] },
  flag: { missing: false },
};
const strict: Feature[] = NAMES.map((name) => ({ name, ...(name === 'size' ? MORE[name] : {}) }));
const gappy: Feature[] = NAMES.map((name) => ({ name, nullable: true, ...MORE[name] }));
const VALID = ['1.5', '2', '3', '1', 'a', 'true', '0.5', '-7.25'];

const texts = fc.oneof(
  fc.double().map(String),
  fc.constantFrom('', ' ', 'NaN', 'NA', 'null', '1', ' 1 ', '-0', '1,5', '1e3', '0x1F', '[1]', '[1, 2]', 'a', ' a '),
  fc.constantFrom('toolong', '\0', '1.0', '9007199254740993', '70000', '-1', '11', 'TRUE', '0', 'Infinity'),
);
/** Mostly valid cells: hardly any row of random texts would be valid. */
const rows = fc.tuple(...VALID.map((valid) => fc.oneof({ arbitrary: fc.constant(valid), weight: 12 }, texts)));

describe.each([
  ['features', strict],
  ['nullable features', gappy],
])('CellRowReader of %s', (_, features) => {
  const schema = rowSchemaOf(signature, { features });
  const validator = new RowValidator(schema);

  /** As rows are read that are objects of texts. */
  function checkObject(cells: readonly string[], columns: readonly string[]) {
    const check = new RowCheck(LIMITS);
    const given = columns.map((name, index) => [name, cells[index]!]).filter(([, text]) => text !== '');
    const values = validator.check(validator.fromForm(Object.fromEntries(given)), ['body'], check);
    return { values, errors: check.errors };
  }

  it('reads valid rows only, and the same values as from objects of texts, whatever the order of the columns', () => {
    let read = 0;
    let valid = 0;
    const reader = new CellRowReader(schema, LIMITS, false);
    fc.assert(
      fc.property(rows, fc.shuffledSubarray(NAMES, { minLength: NAMES.length }), (texts, columns) => {
        const cells = columns.map((name) => texts[NAMES.indexOf(name)]!);
        const values = reader.read(cells, columns);
        const expected = checkObject(cells, columns);
        if (expected.errors.length === 0) valid += 1;
        if (!values) return;
        read += 1;
        expect({ values, errors: [] }).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
    expect(read).toBeGreaterThan(valid / 2);
  });

  it('reads a row whose columns come in another order, with more of them where these are ignored', () => {
    const columns = ['other', ...[...NAMES].reverse()];
    const cells = ['x', ...[...VALID].reverse()];
    const expected = checkObject(VALID, NAMES).values;
    expect(new CellRowReader(schema, LIMITS, true).read(cells, columns)).toEqual(expected);
    expect(new CellRowReader(schema, LIMITS, false).read(cells, columns)).toBeUndefined();
    expect(new CellRowReader(schema, LIMITS, false).read(['', ...cells.slice(1)], columns)).toEqual(expected);
  });

  it('leaves a row without any value of a feature to the full check', () => {
    const columns = ['other', ...NAMES];
    const reader = new CellRowReader(schema, LIMITS, true);
    expect(reader.read(['x', ...NAMES.map(() => '')], columns)).toBeUndefined();
  });
});

describe('CellRowReader', () => {
  it('leaves lists to the full check, which counts their values', () => {
    const lists = rowSchemaOf({ inputs: [{ name: 'pair', type: 'float32', shape: ['n', 2] }], outputs: [] }, {});
    expect(new CellRowReader(lists, LIMITS, false).read(['[1, 2]'], ['pair'])).toBeUndefined();
  });
});
