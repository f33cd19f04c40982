import fc from 'fast-check';
import type { Signature } from '../../../src/serving/signature/tensor.js';
import { rowSchemaOf } from '../../../src/serving/signature/row-schema.js';
import { FastRowValidator } from '../../../src/serving/signature/fast-row-validator.js';
import { RowCheck } from '../../../src/serving/signature/row-check.js';
import { RowValidator } from '../../../src/serving/signature/row-validator.js';

const LIMITS = { rows: 10, elements: 6, textLength: 5 };

const signature: Signature = {
  inputs: [
    { name: 'size', type: 'float32', shape: ['n', 1] },
    { name: 'count', type: 'int32', shape: ['n', 1] },
    { name: 'id', type: 'int64', shape: ['n', 1] },
    { name: 'scaled', type: 'float32', shape: ['n', 1] },
    { name: 'word', type: 'string', shape: ['n', 1] },
    { name: 'flag', type: 'bool', shape: ['n', 1] },
    { name: 'half', type: 'float16', shape: ['n', 1] },
    { name: 'pair', type: 'float32', shape: ['n', 2] },
    { name: 'grid', type: 'float32', shape: ['n', 1, 2] },
    { name: 'open', type: 'float64', shape: ['n', 'm'] },
  ],
  outputs: [],
};
const MORE: Readonly<Record<string, object>> = {
  size: { default: undefined },
  count: { missing: 9, values: [1, 2, 7] },
  id: { missing: -1, default: undefined },
  word: { missing: 'none' },
  flag: { missing: false },
  pair: { missing: 7, values: [1, 2] },
};
const features = [
  { name: 'size', minimum: -1, maximum: 10, default: 1 },
  { name: 'count', minimum: 0, maximum: 7, default: 2 },
  { name: 'id', default: 3 },
  { name: 'scaled', mean: 1, std: 1e-38, default: 1 },
  { name: 'word', default: 'a' },
  { name: 'flag', default: true },
  { name: 'half', default: 0.5 },
  { name: 'pair' },
  { name: 'grid' },
  { name: 'open' },
];
/** All but the lists may be missing, and some have a list of values. */
const gappy = features.slice(0, 8).map((feature) => ({ ...feature, nullable: true, ...MORE[feature.name] }));
const VALID = { pair: [1, 2], grid: [[1, 2]], open: [1] };
/** All kinds of fields, and those that the fast path accepts. */
const SCHEMAS = [
  rowSchemaOf(signature, { features }),
  rowSchemaOf({ ...signature, inputs: signature.inputs.slice(0, 8) }, { features: features.slice(0, 8) }),
  rowSchemaOf({ ...signature, inputs: signature.inputs.slice(0, 8) }, { features: gappy }),
];

const numbers = fc.oneof(
  fc.constantFrom(0, 1, 2, -1, 7, 8, 10, 11, 0.5, -0, 1e39, 3.4e38, 70_000, 2 ** 53, 5e-324),
  fc.double(),
);
const values = fc.oneof(
  { arbitrary: numbers, weight: 4 },
  fc.constantFrom<unknown>(
    1n,
    2n ** 64n,
    'a',
    'toolong',
    '\0',
    '',
    null,
    NaN,
    undefined,
    true,
    {},
    [],
    [1],
    [1, 2],
    ['a', 1],
    [[1, 2]],
  ),
);
/** Mostly valid values: hardly any row of random values would be valid. */
const rows = fc.record(
  Object.fromEntries(
    [...features, { name: 'other', default: 1 }].map(({ name, default: usual = VALID[name as 'pair'] }) => [
      name,
      fc.oneof({ arbitrary: fc.constant(usual as unknown), weight: name === 'other' ? 0 : 12 }, values),
    ]),
  ),
  { requiredKeys: [] },
);
/** Half of the rows without an unknown field. */
const rowsOfFields = fc
  .tuple(rows, fc.boolean())
  .map(([{ other, ...row }, hasOther]) => (hasOther ? { ...row, other } : row));

describe.each(SCHEMAS)('FastRowValidator, schema %#', (schema) => {
  const validator = new RowValidator(schema);
  const fast = new FastRowValidator(schema);

  /** The full check alone. */
  function checkFully(row: object) {
    const check = new RowCheck(LIMITS);
    const internals = validator as unknown as { checkFully(row: object, at: string[], check: RowCheck): unknown[] };
    try {
      return { values: internals.checkFully(row, ['body'], check), errors: check.errors };
    } catch (error) {
      return { error: String(error) };
    }
  }

  function check(row: object) {
    const state = new RowCheck(LIMITS);
    try {
      return { values: validator.check(row, ['body'], state), errors: state.errors };
    } catch (error) {
      return { error: String(error) };
    }
  }

  it('accepts only valid rows, and gives the same values and errors as the full check', () => {
    let [accepted, wronglyAccepted] = [0, 0];
    const known = new Set([...schema.fields.map(({ name }) => name), 'other']);
    const property = fc.property(rowsOfFields, (all) => {
      const row = Object.fromEntries(Object.entries(all).filter(([name]) => known.has(name)));
      const full = checkFully(row);
      expect(check(row)).toEqual(full);
      if (isAccepted(row)) accepted += 1;
      wronglyAccepted += isAccepted(row) && full.errors?.length !== 0 ? 1 : 0;
    });
    fc.assert(property, { numRuns: 5_000 });
    expect(wronglyAccepted).toBe(0);
    // The fast path accepts no row of the first schema.
    expect(accepted).toBeGreaterThanOrEqual(schema === SCHEMAS[0] ? 0 : 50);
  });

  function isAccepted(row: object): boolean {
    try {
      return fast.accept(row, new RowCheck(LIMITS)) !== undefined;
    } catch {
      return false;
    }
  }
});
