import { draftManifest } from '../../src/cli/model/draft-manifest.js';
import type { TensorSignature } from '../../src/serving/signature/tensor.js';

type Shape = TensorSignature['shape'];
const float = (name: string, ...shape: Shape): TensorSignature => ({ name, type: 'float32', shape });
const integer = (name: string, ...shape: Shape): TensorSignature => ({ name, type: 'int64', shape });
const text = (name: string, ...shape: Shape): TensorSignature => ({ name, type: 'string', shape });
const draft = (inputs: TensorSignature[], outputs: TensorSignature[] = []) => draftManifest({ inputs, outputs });

describe('draftManifest', () => {
  it.each<[string, TensorSignature[], object[] | undefined]>([
    ['columns', [float('x', 'n', 3)], [{ name: 'feature_1' }, { name: 'feature_2' }, { name: 'feature_3' }]],
    ['a row at a time', [float('x', 1, 2)], [{ name: 'feature_1' }, { name: 'feature_2' }]],
    ['one column', [float('age', 'n', 1)], [{ name: 'age' }]],
    ['no columns', [float('age', 'n')], [{ name: 'age' }]],
    ['an input each', [float('age', 'n', 1), text('city', 'n', 1)], [{ name: 'age' }, { name: 'city' }]],
    [
      'columns of several inputs',
      [float('a', 'n', 2), float('b', 'n', 1)],
      [{ name: 'a_1', tensor: 'a' }, { name: 'a_2', tensor: 'a' }, { name: 'b' }],
    ],
    ['a picture', [float('image', 'n', 3, 8, 8)], [{ name: 'image' }]],
    ['more columns than names', [float('x', 'n', 768)], [{ name: 'x' }]],
    ['an open length', [integer('tokens', 'n', 'length')], undefined],
    ['twins', [float('a', 'n', 2), float('a_1', 'n', 1)], undefined],
  ])('names features for %s', (_, inputs, features) => {
    expect(draft(inputs).features).toEqual(features);
  });

  it.each<[string, TensorSignature[], object | undefined]>([
    [
      'a classifier of skl2onnx',
      [integer('label', 'n'), float('probabilities', 'n', 3)],
      { label: 'label', probabilities: 'probabilities' },
    ],
    [
      'one whose dimensions have no names',
      [text('output_label', 'output_label:0'), float('output_probability', 'output_probability:0', 2)],
      { label: 'output_label', probabilities: 'output_probability' },
    ],
    ['probabilities alone', [float('probs', 'n', 3)], { probabilities: 'probs' }],
    ['logits', [float('logits', 'n', 3)], { logits: 'logits' }],
    ['a value', [float('variable', 'n', 1)], { value: 'variable' }],
    ['a value without a dimension of its own', [float('variable', 'n')], { value: 'variable' }],
    ['scores that may be anything', [float('output', 'n', 3)], undefined],
    ['two values', [float('a', 'n'), float('b', 'n')], undefined],
    ['a label and something else', [integer('label', 'n'), float('scores', 'n', 3)], undefined],
    ['as many boxes as there are', [float('boxes', 'found')], undefined],
  ])('maps %s', (_, outputs, output) => {
    expect(draft([float('x', 'n', 3)], outputs).output).toEqual(output);
  });
});
