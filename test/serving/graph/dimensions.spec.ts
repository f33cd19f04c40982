import { dimensionsOf } from '../../../src/serving/graph/dimensions.js';

describe('dimensionsOf', () => {
  it('keeps sizes and the names that models give', () => {
    const shape = [1, 'batch', 'N', 'sequence', 's77', 'num_dim_samples'];
    expect(dimensionsOf('x', shape)).toEqual(shape);
  });

  it.each([
    ...[undefined, '', '?', '-1', 'None', 'null', 'unk', 'unk__12', 'Unknown', 'dynamic', 'dynamic_dim_0', 'dim_1'],
    ...['x_dynamic_axes_1', 'Gemmlogits_dim_1', '*', -1],
  ])('gives a dimension that is called %j a symbol of its own', (name) => {
    expect(dimensionsOf('x', [name, 3, name])).toEqual(['x:0', 3, 'x:2']);
  });

  it('takes the second dimension of one name for unknown', () => {
    expect(dimensionsOf('x', ['n', 'n', 2, 2])).toEqual(['n', 'x:1', 2, 2]);
  });
});
