import fc from 'fast-check';
import type { Signature } from '../../../src/serving/signature/tensor.js';
import { RowAcceptance } from '../../../src/serving/signature/acceptance.js';
import { rowSchemaOf } from '../../../src/serving/signature/row-schema.js';
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
const RIGHT = { pair: [1, 2], grid: [[1, 2]], open: [1] };
/** All kinds of fields, and those of which the quick look is sure. */
const SCHEMAS = [
  rowSchemaOf(signature, { features }),
  rowSchemaOf({ ...signature, inputs: signature.inputs.slice(0, 8) }, { features: features.slice(0, 8) }),
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
/** Mostly right: of rows made at random, hardly one would be. */
const rows = fc.record(
  Object.fromEntries(
    [...features, { name: 'other', default: 1 }].map(({ name, default: usual = RIGHT[name as 'pair'] }) => [
      name,
      fc.oneof({ arbitrary: fc.constant(usual as unknown), weight: name === 'other' ? 0 : 12 }, values),
    ]),
  ),
  { requiredKeys: [] },
);
/** Half of them without a field that nobody knows. */
const rowsOfFields = fc
  .tuple(rows, fc.boolean())
  .map(([{ other, ...row }, hasOther]) => (hasOther ? { ...row, other } : row));

describe.each(SCHEMAS)('the quick look at rows of %#', (schema) => {
  const validator = new RowValidator(schema);
  const acceptance = new RowAcceptance(schema);

  /** As the thorough check alone would have it. */
  function explain(row: object) {
    const check = new RowCheck(LIMITS);
    const explaining = validator as unknown as { explain(row: object, at: string[], check: RowCheck): unknown[] };
    try {
      return { values: explaining.explain(row, ['body'], check), errors: check.errors };
    } catch (error) {
      return { error: String(error) };
    }
  }

  function look(row: object) {
    const check = new RowCheck(LIMITS);
    try {
      return { values: validator.check(row, ['body'], check), errors: check.errors };
    } catch (error) {
      return { error: String(error) };
    }
  }

  it('changes nothing of what is answered', () => {
    let [accepted, wronglyAccepted] = [0, 0];
    const known = new Set([...schema.fields.map(({ name }) => name), 'other']);
    const property = fc.property(rowsOfFields, (all) => {
      const row = Object.fromEntries(Object.entries(all).filter(([name]) => known.has(name)));
      const thorough = explain(row);
      expect(look(row)).toEqual(thorough);
      if (quick(row)) accepted += 1;
      // What it is sure of has no errors.
      wronglyAccepted += quick(row) && thorough.errors?.length !== 0 ? 1 : 0;
    });
    fc.assert(property, { numRuns: 5_000 });
    expect(wronglyAccepted).toBe(0);
    // Of some kinds of fields it is never sure.
    expect(accepted).toBeGreaterThanOrEqual(schema === SCHEMAS[1] ? 50 : 0);
  });

  function quick(row: object): boolean {
    try {
      return acceptance.accept(row, new RowCheck(LIMITS)) !== undefined;
    } catch {
      return false;
    }
  }
});
