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

  it('says nothing more where the graph knows nothing of the columns', () => {
    expect(describeFeatures([{ name: 'Fare' }])).toEqual(['input     Fare']);
  });
});
