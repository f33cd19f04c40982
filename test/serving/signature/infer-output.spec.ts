import { inferOutput } from '../../../src/serving/signature/infer-output.js';
import type { TensorSignature } from '../../../src/serving/signature/tensor.js';

const float = (name: string, shape: TensorSignature['shape'], more: Partial<TensorSignature> = {}): TensorSignature => {
  return { name, type: 'float32', shape, ...more };
};
const label = (more: Partial<TensorSignature> = {}): TensorSignature => {
  return { name: 'label', type: 'int64', shape: ['n'], ...more };
};
const infer = (outputs: TensorSignature[], options?: Parameters<typeof inferOutput>[1]) => {
  return inferOutput({ inputs: [float('x', ['n', 2])], outputs }, options);
};

describe('inferOutput', () => {
  it('takes scores for probabilities where the graph knows their classes or ends in a softmax', () => {
    const classes = ['no', 'yes'];
    expect(infer([label({ classes }), float('scores', ['n', 2], { classes })])).toEqual({
      label: 'label',
      probabilities: 'scores',
    });
    expect(infer([float('logits', ['n', 3], { activation: 'softmax' })])).toEqual({ probabilities: 'logits' });
  });

  it('leaves out scores that were no probabilities in trial runs', () => {
    const classes = [1, 2, 3];
    const outputs = [label({ classes }), float('probabilities', ['n', 3], { classes })];
    expect(infer(outputs, { mayBeProbabilities: () => false })).toEqual({ label: 'label' });
  });

  it('takes the outputs of a sigmoid for independent labels, and not for those of a softmax', () => {
    expect(infer([float('logits', ['n', 3], { activation: 'sigmoid' })])).toEqual({ sigmoid: 'logits' });
    expect(infer([float('output', ['n', 1], { activation: 'sigmoid' })])).toEqual({ sigmoid: 'output' });
    const list = label({ shape: ['n', 3] });
    expect(infer([list, float('probabilities', ['n', 3], { activation: 'sigmoid' })])).toEqual({
      sigmoid: 'probabilities',
    });
  });

  it('takes a single logit for a decision between two labels', () => {
    expect(infer([float('logits', ['n', 1])])).toEqual({ sigmoid: 'logits' });
  });

  it('takes the outputs of a regressor for values, also several of them', () => {
    expect(infer([float('variable', ['n', 2])])).toEqual({ value: 'variable' });
    expect(infer([float('score', ['n', 1])])).toEqual({ value: 'score' });
  });

  it('takes the score of an outlier detector for a value where its classes have names', () => {
    const outputs = [label(), float('scores', ['n', 1])];
    expect(infer(outputs)).toBeUndefined();
    expect(infer(outputs, { hasLabels: true })).toEqual({ label: 'label', value: 'scores' });
  });

  it('takes logits beside a label for its scores', () => {
    expect(infer([label(), float('logits', ['n', 3])])).toEqual({ label: 'label', logits: 'logits' });
  });

  it.each<[string, TensorSignature[]]>([
    ['scores for each token', [float('logits', ['n', 'length', 3])]],
    ['a picture of sigmoids', [float('mask', ['n', 1, 8, 8], { activation: 'sigmoid' })]],
    ['a label whose classes are not known, beside distances', [label(), float('scores', ['n', 3])]],
    ['two outputs of floats', [float('boxes', ['n', 4]), float('probs', ['n', 2])]],
  ])('infers nothing for %s', (_, outputs) => {
    expect(infer(outputs)).toBeUndefined();
  });
});
