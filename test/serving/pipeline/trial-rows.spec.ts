import type { Feature } from '../../../src/serving/manifest/manifest.js';
import { rowOfMissing, selfTestRows } from '../../../src/serving/pipeline/trial-rows.js';
import { rowSchemaOf } from '../../../src/serving/signature/row-schema.js';

const INPUTS = [
  { name: 'age', type: 'float32', shape: ['n', 1] },
  { name: 'city', type: 'string', shape: ['n', 1] },
  { name: 'grid', type: 'float32', shape: ['n', 1, 2] },
] as const;
const AGE: Feature = { name: 'age', minimum: 0, maximum: 10 };
const CITY: Feature = { name: 'city', values: ['Busan', 'Jeju', 'Seoul'] };

function schemaOf(...features: Feature[]) {
  const inputs = INPUTS.filter(({ name }) => features.some((feature) => feature.name === name));
  return rowSchemaOf({ inputs, outputs: [] }, { features });
}

describe('selfTestRows', () => {
  it('takes the allowed values in turn, so that texts can differ', () => {
    expect(selfTestRows(schemaOf(CITY), undefined)).toEqual([['Busan'], ['Jeju'], ['Seoul']]);
    expect(selfTestRows(schemaOf(CITY), ['Jeju'])).toEqual([['Jeju'], ['Seoul'], ['Busan']]);
  });

  it('begins with the example as it is, and gives the others values for what is missing in it', () => {
    const schema = schemaOf({ ...AGE, nullable: true }, { ...CITY, nullable: true });
    const [first, ...others] = selfTestRows(schema, [null, null]);
    expect(first).toEqual([null, null]);
    expect(others).toEqual([
      [expect.any(Number), 'Jeju'],
      [expect.any(Number), 'Seoul'],
    ]);
  });
});

describe('rowOfMissing', () => {
  it('has null for what may be missing, in lists for each element, and the other values of the row', () => {
    const schema = schemaOf({ ...AGE, nullable: true }, CITY, { name: 'grid', nullable: true });
    expect(rowOfMissing(schema, [3, 'Jeju', [[1, 2]]])).toEqual([null, 'Jeju', [[null, null]]]);
  });

  it('is undefined where nothing may be missing', () => {
    expect(rowOfMissing(schemaOf(AGE, CITY), [3, 'Jeju'])).toBeUndefined();
  });
});
