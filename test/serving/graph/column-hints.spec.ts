import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { columnHints } from '../../../src/serving/graph/column-hints.js';
import { OnnxModel } from '../../../src/serving/graph/onnx-model.js';
import type { TensorSignature } from '../../../src/serving/signature/tensor.js';
import { EXPORTED } from '../../support/exported-models.js';
import { listTensor, onnxModel, type TestNode } from '../../support/onnx.js';

const ML = 'ai.onnx.ml';

function node(operator: string, inputs: string, outputs: string, attributes: TestNode['attributes'] = {}): TestNode {
  return { operator, inputs: inputs.split(' '), outputs: outputs.split(' '), attributes };
}

const INITIALIZERS = [
  listTensor('zero', [0]),
  listTensor('one', [1]),
  listTensor('three', [3]),
  listTensor('wide', [-1, 3]),
  listTensor('sizes', [1, 2]),
];

/** The hints about an input x of three columns, or of another width or type. */
function hintsOf(nodes: TestNode[], { width = 3, type = 'string' }: { width?: number; type?: string } = {}): unknown {
  const x: TensorSignature = { name: 'x', type: type as 'string', shape: ['n', width] };
  const model = onnxModel({ nodes, initializers: INITIALIZERS, outputs: { y: null } });
  return columnHints(new OnnxModel(model), [x]).get('x');
}

const encoder = (input: string, ...categories: string[]) => {
  return node(`${ML}.OneHotEncoder`, input, `${input}_encoded`, { cats_strings: categories });
};
const trees = (input: string, ...tracks: number[]) => {
  return node(`${ML}.TreeEnsembleRegressor`, input, 'y', { nodes_missing_value_tracks_true: tracks });
};

describe('columnHints', () => {
  it.each<[string, object]>([
    [
      'titanic',
      {
        Pclass: [{ categories: ['1', '2', '3'] }],
        Sex: [{ categories: ['female', 'male'] }],
        Age: [{ acceptsMissing: true }],
        Fare: [{ acceptsMissing: true }],
        Embarked: [{ categories: ['', 'C', 'Q', 'S'], acceptsMissing: true }],
      },
    ],
    [
      'columns',
      {
        age: [{ acceptsMissing: true }],
        city: [{ categories: ['Busan', 'Jeju', 'Seoul'] }],
        size: [{ categories: ['L', 'M', 'S'] }],
        rooms: [{ categories: [1, 2, 3, 4, 5] }],
      },
    ],
    ['matrix', { X: [{ acceptsMissing: true }, {}, { categories: [1, 2, 3, 4, 5] }] }],
    ['xgb_nan', { input: Array(4).fill({ acceptsMissing: true }) }],
    ['lgbm_clf_zipmap', { input: Array(4).fill({ acceptsMissing: true }) }],
    ['catboost', {}],
    ['rating123', {}],
  ])('are read from the encoders, imputers and trees of %s', (name, expected) => {
    const model = new OnnxModel(readFileSync(join(EXPORTED, `${name}.onnx`)));
    const text = new Set(['Pclass', 'Sex', 'Embarked', 'city', 'size']);
    const inputs = model.inputs.map((input): TensorSignature => {
      return {
        name: input.name,
        type: text.has(input.name) ? 'string' : 'float32',
        shape: ['n', input.shape?.[1] ?? 'f'],
      };
    });
    expect(Object.fromEntries(columnHints(model, inputs))).toEqual(expected);
  });

  it.each<[string, TestNode[]]>([
    ['Gather', [node('Gather', 'x one', 'c', { axis: 1 })]],
    ['ArrayFeatureExtractor', [node(`${ML}.ArrayFeatureExtractor`, 'x one', 'c')]],
    ['Split', [node('Split', 'x sizes', 'a b', { axis: 1 }), node('Gather', 'b zero', 'c', { axis: 1 })]],
    [
      'Slice and Reshape',
      [
        node('Slice', 'x one three one', 'a'),
        node('Reshape', 'x wide', 'r'),
        node('Gather', 'r one', 'c', { axis: 1 }),
      ],
    ],
    ['Concat', [node('Concat', 'x x', 'a', { axis: 1 }), node('Gather', 'a one', 'c', { axis: 1 })]],
  ])('follow a column through %s', (_, nodes) => {
    expect(hintsOf([...nodes, encoder('c', 'a', 'b')])).toEqual([{}, { categories: ['a', 'b'] }, {}]);
  });

  it.each<[string, TestNode[]]>([
    [
      'two encoders know others',
      [encoder('x', 'a', 'b'), node(`${ML}.LabelEncoder`, 'x', 'l', { keys_strings: ['a'], values_int64s: [0] })],
    ],
    ['the values are computed', [node('StringNormalizer', 'x', 'c'), encoder('c', 'a', 'b')]],
    ['the column is not known', [node('Gather', 'x unknown', 'c', { axis: 1 }), encoder('c', 'a')]],
  ])('know no categories where %s', (_, nodes) => {
    expect(hintsOf(nodes, { width: 1 })).toBeUndefined();
  });

  it('know no categories of another type', () => {
    expect(hintsOf([encoder('x', 'a')], { width: 1, type: 'float32' })).toBeUndefined();
  });

  it.each<[string, TestNode[], unknown]>([
    ['trees with a way for NaN', [trees('x', 0, 1)], [{ acceptsMissing: true }]],
    ['trees without', [trees('x', 0, 0)], undefined],
    ['Where and IsNaN', [node('IsNaN', 'x', 'm'), node('Where', 'm zero x', 'y')], [{ acceptsMissing: true }]],
    ['Where and IsNaN of something else', [node('IsNaN', 'z', 'm'), node('Where', 'm zero x', 'y')], undefined],
    ['such trees and an operator without', [trees('x', 1), node('MatMul', 'x w', 'z')], undefined],
    [
      'such trees and an output',
      [
        node('Identity', 'x', 'y'),
        node(`${ML}.TreeEnsembleRegressor`, 'x', 'z', { nodes_missing_value_tracks_true: [1] }),
      ],
      undefined,
    ],
  ])('tell whether NaN has a meaning for %s', (_, nodes, expected) => {
    expect(hintsOf(nodes, { width: 1, type: 'float32' })).toEqual(expected);
  });
});
