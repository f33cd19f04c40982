import { activationOf } from '../../../src/serving/graph/activation.js';
import { labelClasses } from '../../../src/serving/graph/class-lists.js';
import { OnnxModel } from '../../../src/serving/graph/onnx-model.js';
import { ScoreClasses } from '../../../src/serving/graph/score-classes.js';
import { listTensor, onnxModel, type TestNode } from '../../support/onnx.js';

const ML = 'ai.onnx.ml';
type Attributes = TestNode['attributes'];

function node(operator: string, inputs: string, outputs: string, attributes: Attributes = {}): TestNode {
  return { operator, inputs: inputs.split(' '), outputs: outputs.split(' '), attributes };
}

function forest(attributes: Attributes): TestNode {
  return node(`${ML}.TreeEnsembleClassifier`, 'x', 'l s', attributes);
}

function modelOf(...nodes: TestNode[]): OnnxModel {
  return new OnnxModel(onnxModel({ nodes, initializers: [listTensor('names', ['a', 'b', 'c'])] }));
}

const LABELS = { classlabels_int64s: [3, 1, 2] };

describe('labelClasses', () => {
  it('keeps all digits of a class beyond 2^53 where a Cast does, and refuses another Cast', () => {
    const huge = forest({ classlabels_int64s: [1n, 2n ** 53n + 1n] });
    const classesOf = (to: number) => labelClasses(modelOf(huge, node('Cast', 'l', 'y', { to })), 'y')?.classes;
    expect(classesOf(7)).toEqual([1, '9007199254740993']);
    expect(classesOf(8)).toEqual(['1', '9007199254740993']);
    expect(classesOf(6)).toBeUndefined();
    expect(classesOf(1)).toBeUndefined();
  });

  it.each<[string, TestNode[], unknown]>([
    ['a forest', [forest(LABELS)], [3, 1, 2]],
    ['texts', [forest({ classlabels_strings: ['b', 'a'] })], ['b', 'a']],
    ['negative classes', [forest({ classlabels_int64s: [-1, 1] })], [-1, 1]],
    ['a linear classifier', [node(`${ML}.LinearClassifier`, 'x', 'l s', { classlabels_ints: [5, 7] })], [5, 7]],
    ['classes beyond 2^53', [forest({ classlabels_int64s: [1n, 2n ** 53n + 1n] })], [1, '9007199254740993']],
    ['no classes', [forest({})], undefined],
    ['a class twice', [forest({ classlabels_int64s: [1, 1] })], undefined],
  ])('reads the classes of %s', (_, nodes, classes) => {
    expect(labelClasses(modelOf(...nodes), 'l')?.classes).toEqual(classes);
  });

  it.each<[string, TestNode[], unknown]>([
    [
      'Identity, Reshape and Squeeze',
      [node('Identity', 'l', 'a'), node('Reshape', 'a shape', 'b'), node('Squeeze', 'b', 'y')],
      [3, 1, 2],
    ],
    ['Cast to text', [node('Cast', 'l', 'y', { to: 8 })], ['3', '1', '2']],
    ['Cast to float and back', [node('Cast', 'l', 'a', { to: 1 }), node('Cast', 'a', 'y', { to: 7 })], [3, 1, 2]],
    ['Cast to int64', [node('Cast', 'l', 'a', { to: 8 }), node('Cast', 'a', 'y', { to: 7 })], [3, 1, 2]],
    ['Cast to bool', [node('Cast', 'l', 'y', { to: 9 })], undefined],
    [
      'LabelEncoder',
      [node(`${ML}.LabelEncoder`, 'l', 'y', { keys_int64s: [1, 2, 3], values_strings: ['one', 'two', 'three'] })],
      ['three', 'one', 'two'],
    ],
    [
      'LabelEncoder that lacks one',
      [node(`${ML}.LabelEncoder`, 'l', 'y', { keys_int64s: [1, 2], values_strings: ['one', 'two'] })],
      undefined,
    ],
    [
      'LabelEncoder of two classes to one',
      [node(`${ML}.LabelEncoder`, 'l', 'y', { keys_int64s: [1, 2, 3], values_int64s: [0, 0, 1] })],
      undefined,
    ],
    ['arithmetic', [node('Mul', 'l two', 'y')], undefined],
  ])('follows a label through %s', (_, nodes, classes) => {
    expect(labelClasses(modelOf(forest(LABELS), ...nodes), 'y')?.classes).toEqual(classes);
  });

  it.each<[string, TestNode[], unknown]>([
    ['of a constant list', [node(`${ML}.ArrayFeatureExtractor`, 'names i', 'y')], ['a', 'b', 'c']],
    ['by Gather', [node('Cast', 'i', 'j', { to: 7 }), node('Gather', 'names j', 'y')], ['a', 'b', 'c']],
    [
      'by a table of numbers',
      [node(`${ML}.LabelEncoder`, 'i', 'y', { keys_int64s: [1, 0], values_int64s: [10, 20] })],
      [20, 10],
    ],
    [
      'by a table with a gap',
      [node(`${ML}.LabelEncoder`, 'i', 'y', { keys_int64s: [0, 2], values_int64s: [10, 20] })],
      undefined,
    ],
    ['by an old table', [node(`${ML}.LabelEncoder`, 'i', 'y', { classes_strings: ['x', 'y'] })], ['x', 'y']],
    ['of no list', [node('Identity', 'i', 'y')], undefined],
  ])('reads what an ArgMax chooses %s', (_, nodes, classes) => {
    const model = modelOf(node('ArgMax', 'x', 'i', { axis: 1 }), ...nodes);
    expect(labelClasses(model, 'y')?.classes).toEqual(classes);
    expect(new ScoreClasses(model).find('x')?.classes).toEqual(classes);
  });

  it('does not take an ArgMax over rows for a decision', () => {
    const model = modelOf(node('ArgMax', 'x', 'i', { axis: 0 }), node('Gather', 'names i', 'y'));
    expect(labelClasses(model, 'y')).toBeUndefined();
  });

  it('ends for operators that feed each other', () => {
    const model = modelOf(node('Identity', 'a', 'b'), node('Identity', 'b', 'a'));
    expect(labelClasses(model, 'a')).toBeUndefined();
    expect(new ScoreClasses(model).find('a')).toBeUndefined();
    expect(activationOf(model, 'a')).toBeUndefined();
  });
});

describe('ScoreClasses', () => {
  it.each<[string, TestNode[], unknown]>([
    ['a normalization', [node(`${ML}.Normalizer`, 's', 'y')], [3, 1, 2]],
    [
      'the mean of two',
      [forest(LABELS), node(`${ML}.TreeEnsembleClassifier`, 'x', 'l2 s2', LABELS), node('Sum', 's s2', 'y')],
      [3, 1, 2],
    ],
    [
      'the sum of two that disagree',
      [node(`${ML}.TreeEnsembleClassifier`, 'x', 'l2 s2', { classlabels_int64s: [1, 2, 3] }), node('Sum', 's s2', 'y')],
      undefined,
    ],
    ['a choice of columns', [node(`${ML}.ArrayFeatureExtractor`, 's one', 'y')], undefined],
    ['the label', [node('Identity', 'l', 'y')], undefined],
  ])('follows scores through %s', (_, nodes, classes) => {
    expect(new ScoreClasses(modelOf(forest(LABELS), ...nodes)).find('y')?.classes).toEqual(classes);
  });

  it('knows no columns of a vector machine that scores pairs of classes', () => {
    const machine = (classes: number[]) => {
      const attributes = { classlabels_ints: classes, vectors_per_class: classes.map(() => 1) };
      return modelOf(node(`${ML}.SVMClassifier`, 'x', 'l s', attributes));
    };
    expect(new ScoreClasses(machine([4, 5, 6])).find('s')).toBeUndefined();
    expect(new ScoreClasses(machine([4, 5])).find('s')?.classes).toEqual([4, 5]);
  });
});

describe('activationOf', () => {
  it.each<[string, TestNode[], unknown]>([
    ['Sigmoid', [node('Sigmoid', 'x', 'y')], 'sigmoid'],
    ['Softmax', [node('Softmax', 'x', 'y', { axis: 1 })], 'softmax'],
    [
      'Softmax through Cast and Reshape',
      [node('Softmax', 'x', 'a'), node('Cast', 'a', 'b', { to: 1 }), node('Reshape', 'b c', 'y')],
      'softmax',
    ],
    ['Softmax over rows', [node('Softmax', 'x', 'y', { axis: 0 })], undefined],
    ['LogSoftmax', [node('LogSoftmax', 'x', 'y')], undefined],
    ['a sum of sigmoids', [node('Sigmoid', 'x', 'a'), node('Add', 'a a', 'y')], undefined],
    ['an input', [], undefined],
    [
      'two classes by the logistic function',
      [node(`${ML}.LinearClassifier`, 'x', 'l y', { classlabels_ints: [0, 1], post_transform: 'LOGISTIC' })],
      'softmax',
    ],
    [
      'three classes by the logistic function',
      [node(`${ML}.LinearClassifier`, 'x', 'l y', { classlabels_ints: [0, 1, 2], post_transform: 'LOGISTIC' })],
      undefined,
    ],
    [
      'a classifier without a transformation',
      [node(`${ML}.LinearClassifier`, 'x', 'l y', { classlabels_ints: [0, 1], post_transform: 'NONE' })],
      undefined,
    ],
  ])('tells the activation of %s', (_, nodes, activation) => {
    expect(activationOf(modelOf(...nodes), 'y')).toBe(activation);
  });
});
