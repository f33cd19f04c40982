import type { Manifest } from '../../../src/serving/manifest/manifest.js';
import { preprocessorFor } from '../../../src/serving/pipeline/preprocess.js';
import type { ElementType } from '../../../src/serving/signature/tensor.js';
import { rowSchemaOf } from '../../../src/serving/signature/row-schema.js';

/** The elements of the tensor for rows with one 2 × 2 value each. */
function elementsOf(values: readonly unknown[], type: ElementType, feature: NonNullable<Manifest['features']>[number]) {
  const signature = { inputs: [{ name: 'x', type, shape: ['n', 2, 2] }], outputs: [] };
  const schema = rowSchemaOf(signature, { features: [feature] });
  const [tensor] = preprocessorFor(schema)(values.map((value) => [value]));
  expect(tensor!.shape).toEqual([values.length, 2, 2]);
  return [...(tensor!.data as Float32Array | BigInt64Array)];
}

const nested = [
  [1, 2.5],
  [-3, 4],
];

describe('preprocessorFor', () => {
  it('writes rows in row-major order', () => {
    expect(elementsOf([nested, nested], 'float32', { name: 'x' })).toEqual([1, 2.5, -3, 4, 1, 2.5, -3, 4]);
    expect(elementsOf([new Float32Array([1, 2, 3, 4])], 'float64', { name: 'x' })).toEqual([1, 2, 3, 4]);
  });

  it('takes the typed array of a single row as it is, where it has the elements of the tensor', () => {
    const pixels = Float32Array.of(1, 2, 3, 4);
    const dataOf = (features: Manifest['features'], rows: number, type: ElementType = 'float32') => {
      const schema = rowSchemaOf({ inputs: [{ name: 'x', type, shape: ['n', 2, 2] }], outputs: [] }, { features });
      return preprocessorFor(schema)(new Array(rows).fill([pixels]))[0]!.data;
    };
    expect(dataOf([{ name: 'x' }], 1)).toBe(pixels);
    expect(dataOf([{ name: 'x' }], 2)).toEqual(Float32Array.of(1, 2, 3, 4, 1, 2, 3, 4));
    expect(dataOf([{ name: 'x', mean: 1 }], 1)).toEqual(Float32Array.of(0, 1, 2, 3));
    expect(dataOf([{ name: 'x' }], 1, 'float64')).toEqual(Float64Array.of(1, 2, 3, 4));
  });

  it('scales features with a mean and a standard deviation', () => {
    expect(elementsOf([nested], 'float32', { name: 'x', mean: 1, std: 2 })).toEqual([0, 0.75, -2, 1.5]);
  });

  it('converts bigints among numbers', () => {
    const long = [
      [1, 2n ** 60n],
      [3n, 4],
    ];
    expect(elementsOf([long], 'float64', { name: 'x' })).toEqual([1, 2 ** 60, 3, 4]);
    expect(elementsOf([long], 'int64', { name: 'x' })).toEqual([1n, 2n ** 60n, 3n, 4n]);
  });
});
