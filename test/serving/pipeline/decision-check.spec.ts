import { findDecisionProblem } from '../../../src/serving/pipeline/decision-check.js';
import type { OutputMapping } from '../../../src/serving/manifest/manifest.js';
import type { Prediction } from '../../../src/serving/pipeline/respond.js';

const MAPPING: OutputMapping = { label: 'label', probabilities: 'scores' };

describe('findDecisionProblem', () => {
  const find = (predictions: Prediction[], mapping: OutputMapping = MAPPING, values = ['a', 'b']) =>
    findDecisionProblem({ mapping, classes: { names: ['a', 'b'], values } }, predictions);
  const agreeing: Prediction = { label: 'b', index: 1, probabilities: { a: 0.25, b: 0.75 } };
  const contradicting: Prediction = { label: 'a', index: 0, probabilities: { a: 0.25, b: 0.75 } };

  it('finds the first label that is not the most probable one, and says that labels are in another order', () => {
    expect(find([agreeing, contradicting])).toMatch(
      /predicts "a", but the most probable label is "b".*"labels".*another order/,
    );
    expect(find([agreeing])).toBeUndefined();
  });

  it('says that labels do not belong to the class values where these are numbers', () => {
    expect(find([contradicting], MAPPING, ['1', '2'])).toMatch(/a map from class value to name/);
  });

  it('passes labels that are tied within 1e-6', () => {
    expect(find([{ label: 'a', index: 0, probabilities: { a: 0.4999996, b: 0.5000004 } }])).toBeUndefined();
    expect(find([{ label: 'a', index: 0, probabilities: { a: 0.499998, b: 0.500002 } }])).toBeDefined();
  });

  it('passes any label where the model decides by another rule', () => {
    expect(find([contradicting], { ...MAPPING, decision: 'model' })).toBeUndefined();
  });

  it('leaves outputs without a meaning alone, whatever their names are', () => {
    const outputs = { label: 'a', index: 0, probabilities: [-4, 2] as never };
    expect(findDecisionProblem({ mapping: undefined, classes: undefined }, [outputs])).toBeUndefined();
  });

  it('refuses scores outside of 0 to 1 as probabilities', () => {
    const scores: Prediction = { label: 'b', index: 1, probabilities: { a: -1.5, b: 2 } };
    expect(find([scores])).toMatch(/"scores" has the value -1.5, which is no probability/);
    expect(find([scores], { ...MAPPING, decision: 'model' })).toMatch(/no probability/);
  });

  it('passes an output that the model calls "probabilities" where no output is mapped to them', () => {
    const byTensor = { label: 'a', probabilities: [-1.5, 2] } as never;
    expect(findDecisionProblem({ mapping: undefined, classes: undefined }, [byTensor])).toBeUndefined();
    expect(find([byTensor], { label: 'label' })).toBeUndefined();
  });
});
