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
    ['a fixed batch size of one', [float('x', 1, 2)], [{ name: 'feature_1' }, { name: 'feature_2' }]],
    ['one column', [float('age', 'n', 1)], [{ name: 'age' }]],
    ['no columns', [float('age', 'n')], [{ name: 'age' }]],
    ['several inputs of one column', [float('age', 'n', 1), text('city', 'n', 1)], [{ name: 'age' }, { name: 'city' }]],
    [
      'columns of several inputs',
      [float('a', 'n', 2), float('b', 'n', 1)],
      [{ name: 'a_1', tensor: 'a' }, { name: 'a_2', tensor: 'a' }, { name: 'b' }],
    ],
    ['an image', [float('image', 'n', 3, 8, 8)], [{ name: 'image' }]],
    ['more than 100 columns', [float('x', 'n', 768)], [{ name: 'x' }]],
    ['a variable length', [integer('tokens', 'n', 'length')], undefined],
    ['names that collide', [float('a', 'n', 2), float('a_1', 'n', 1)], undefined],
  ])('drafts features for an input with %s', (_, inputs, features) => {
    expect(draft(inputs).features).toEqual(features);
  });

  it.each<[string, TensorSignature[], object[]]>([
    [
      'categories of a text, an empty one of which means a missing value',
      [{ ...text('city', 'n', 1), columns: [{ categories: ['', 'Busan', 'Seoul'] }] }],
      [{ name: 'city', nullable: true, values: ['Busan', 'Seoul'] }],
    ],
    [
      'categories of a text, with the word of skl2onnx for a missing value',
      [{ ...text('city', 'n', 1), columns: [{ categories: ['Busan', 'nan'] }] }],
      [{ name: 'city', nullable: true, missing: 'nan', values: ['Busan'] }],
    ],
    [
      'categories of a number',
      [{ ...integer('class', 'n', 1), columns: [{ categories: [1, 2] }] }],
      [{ name: 'class', values: [1, 2] }],
    ],
    [
      'a number that may be missing',
      [{ ...float('age', 'n', 1), columns: [{ acceptsMissing: true }] }, float('fare', 'n', 1)],
      [{ name: 'age', nullable: true }, { name: 'fare' }],
    ],
    [
      'columns of one input',
      [{ ...float('x', 'n', 3), columns: [{ acceptsMissing: true }, {}, { categories: [0, 1] }] }],
      [{ name: 'feature_1', nullable: true }, { name: 'feature_2' }, { name: 'feature_3', values: [0, 1] }],
    ],
    [
      'columns of several inputs',
      [{ ...float('a', 'n', 2), columns: [{}, { acceptsMissing: true }] }, float('b', 'n', 1)],
      [{ name: 'a_1', tensor: 'a' }, { name: 'a_2', tensor: 'a', nullable: true }, { name: 'b' }],
    ],
    [
      'an integer, which has no NaN',
      [{ ...integer('visits', 'n', 1), columns: [{ acceptsMissing: true }] }],
      [{ name: 'visits' }],
    ],
    [
      'categories of another type',
      [{ ...float('class', 'n', 1), columns: [{ categories: ['1', '2'] }] }],
      [{ name: 'class' }],
    ],
    [
      'more than 200 categories',
      [{ ...text('word', 'n', 1), columns: [{ categories: Array.from({ length: 201 }, String) }] }],
      [{ name: 'word' }],
    ],
  ])('drafts what the graph knows about %s', (_, inputs, features) => {
    expect(draft(inputs).features).toEqual(features);
  });

  it.each<[string, TensorSignature[], object | undefined]>([
    [
      'a classifier as skl2onnx exports it',
      [integer('label', 'n'), float('probabilities', 'n', 3)],
      { label: 'label', probabilities: 'probabilities' },
    ],
    [
      'a classifier with unnamed dimensions',
      [text('output_label', 'output_label:0'), float('output_probability', 'output_probability:0', 2)],
      { label: 'output_label', probabilities: 'output_probability' },
    ],
    ['probabilities alone', [float('probs', 'n', 3)], { probabilities: 'probs' }],
    ['logits', [float('logits', 'n', 3)], { logits: 'logits' }],
    ['a single number per row', [float('variable', 'n', 1)], { value: 'variable' }],
    ['a single number without a column dimension', [float('variable', 'n')], { value: 'variable' }],
    ['scores with an unknown meaning', [float('output', 'n', 3)], undefined],
    ['two numbers', [float('a', 'n'), float('b', 'n')], undefined],
    ['a label and an unknown output', [integer('label', 'n'), float('scores', 'n', 3)], undefined],
    ['an output of variable length', [float('boxes', 'found')], undefined],
  ])('drafts an output mapping for %s', (_, outputs, output) => {
    expect(draft([float('x', 'n', 3)], outputs).output).toEqual(output);
  });
});
