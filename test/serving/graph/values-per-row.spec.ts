import { OnnxModel } from '../../../src/serving/graph/onnx-model.js';
import { valuesPerRow } from '../../../src/serving/graph/values-per-row.js';
import { listTensor, onnxModel, type TestNode } from '../../support/onnx.js';

const ML = 'ai.onnx.ml';

function node(operator: string, inputs: string, outputs: string, attributes: TestNode['attributes'] = {}): TestNode {
  return { operator, inputs: inputs.split(' '), outputs: outputs.split(' '), attributes };
}

describe('valuesPerRow', () => {
  it.each<[string, TestNode[], number | undefined]>([
    ['a forest of two targets', [node(`${ML}.TreeEnsembleRegressor`, 'x', 'y', { n_targets: 2 })], 2],
    ['a linear regressor', [node(`${ML}.LinearRegressor`, 'x', 'y')], 1],
    [
      'a linear regressor of three targets',
      [node(`${ML}.LinearRegressor`, 'x', 'a', { targets: 3 }), node('Cast', 'a', 'y', { to: 1 })],
      3,
    ],
    ['a vector machine', [node(`${ML}.SVMRegressor`, 'x', 'a'), node('Identity', 'a', 'y')], 1],
    ['a choice of one column', [node(`${ML}.ArrayFeatureExtractor`, 'x one', 'y')], 1],
    ['a choice of a class', [node(`${ML}.ArrayFeatureExtractor`, 'list x', 'y')], undefined],
    ['another operator', [node(`${ML}.LinearRegressor`, 'x', 'a'), node('MatMul', 'a w', 'y')], undefined],
    ['an input', [], undefined],
  ])('tells how many values %s gives', (_, nodes, width) => {
    const initializers = [listTensor('one', [1]), listTensor('list', [4, 5])];
    expect(valuesPerRow(new OnnxModel(onnxModel({ nodes, initializers })), 'y')).toBe(width);
  });
});
