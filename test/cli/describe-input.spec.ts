import { describeInput } from '../../src/cli/model/describe-input.js';
import type { ModelVersion } from '../../src/serving/index.js';
import type { Feature } from '../../src/serving/manifest/manifest.js';

const describeFeatures = (features: readonly Feature[]): string[] => {
  return describeInput({ manifest: { features } } as unknown as ModelVersion).map((line) => line.trim());
};

describe('describeInput', () => {
  it('names what may be missing and what has known categories, and how to say otherwise', () => {
    const lines = describeFeatures([
      { name: 'Sex', values: ['female', 'male'] },
      { name: 'Age', nullable: true },
      { name: 'Embarked', nullable: true, values: ['C', 'S'] },
      { name: 'Fare' },
    ]);
    expect(lines).toEqual([
      'input     Sex, Age, Embarked, Fare',
      'May be missing: Age, Embarked. Only known categories: Sex, Embarked.',
      'To say otherwise, change "nullable" and "values" in model.json.',
    ]);
  });

  it('names categories that are new in the file, and those that it no longer knows', () => {
    const feature: Feature = { name: 'city', values: ['Busan', 'Jeju'] };
    const schema = { fields: [{ name: 'city', feature, hints: { categories: ['', 'Busan', 'Paris'] } }] };
    const lines = describeInput({ manifest: { features: [feature] }, schema } as unknown as ModelVersion);
    expect(lines.slice(3).map((line) => line.trim())).toEqual([
      'New in this file, and refused until "values" of city has it: Paris.',
      'Not known to this file, though in "values" of city: Jeju.',
    ]);
  });

  it('says nothing more where the graph knows nothing of the columns', () => {
    expect(describeFeatures([{ name: 'Fare' }])).toEqual(['input     Fare']);
  });
});
