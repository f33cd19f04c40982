import type { Manifest } from '../../../src/serving/manifest/manifest.js';
import { ManifestError, parseManifest } from '../../../src/serving/manifest/read-manifest.js';
import { findMismatch, isClose } from '../../../src/serving/pipeline/self-test.js';
import { selfTestRows } from '../../../src/serving/pipeline/trial-rows.js';
import { responderFor } from '../../../src/serving/pipeline/respond.js';
import { outputFormatOf } from '../../../src/serving/signature/output-format.js';
import type { Signature, Tensor, TensorSignature } from '../../../src/serving/signature/tensor.js';

/** The signature of a model with the batch dimension "n". */
function signatureOf(...outputs: TensorSignature[]): Signature {
  return { inputs: [{ name: 'x', type: 'float32', shape: ['n', 1] }], outputs };
}

function respond(outputs: Tensor[], rowCount: number, manifest: Manifest, signature: Signature) {
  return responderFor(outputFormatOf(signature, manifest), signature)(outputs, rowCount);
}

describe('responderFor', () => {
  const scores: TensorSignature = { name: 'scores', type: 'float32', shape: ['n', 3] };
  const outputs = (data: number[]): Tensor[] => [
    { name: 'scores', type: 'float32', shape: [data.length / 3, 3], data: new Float32Array(data) },
  ];
  const respondTo = (data: number[], manifest: Manifest) =>
    respond(outputs(data), data.length / 3, manifest, signatureOf(scores));

  it('takes the most probable label if the model has no label output', () => {
    const manifest = { labels: ['a', 'b', 'c'], output: { probabilities: 'scores' } };
    expect(respondTo([0.25, 0.5, 0.25, 1, 0, 0], manifest)).toEqual([
      { label: 'b', index: 1, probabilities: { a: 0.25, b: 0.5, c: 0.25 } },
      { label: 'a', index: 0, probabilities: { a: 1, b: 0, c: 0 } },
    ]);
  });

  it('converts logits to probabilities without overflow', () => {
    const [prediction] = respondTo([1000, 1000, 0], { labels: ['a', 'b', 'c'], output: { logits: 'scores' } });
    expect(prediction?.probabilities).toEqual({ a: 0.5, b: 0.5, c: 0 });
  });

  it('keeps the topK most probable labels, in descending order', () => {
    const manifest = { labels: ['a', 'b', 'c'], output: { probabilities: 'scores', topK: 2 } };
    const [prediction] = respondTo([0.125, 0.25, 0.625], manifest);
    expect(Object.entries(prediction?.probabilities ?? {})).toEqual([
      ['c', 0.625],
      ['b', 0.25],
    ]);
  });

  it('gives every output by name if the manifest maps none', () => {
    expect(respondTo([1, 2, 3], {})).toEqual([{ scores: [1, 2, 3] }]);
  });

  it('refuses a text label that is none of the labels', () => {
    const signature: TensorSignature = { name: 'kind', type: 'string', shape: ['n'] };
    const tensor = (kind: string): Tensor => ({ name: 'kind', type: 'string', shape: [1], data: [kind] });
    const manifest = { labels: ['a', 'b'], output: { label: 'kind' } };
    expect(respond([tensor('a')], 1, manifest, signatureOf(signature))).toEqual([{ label: 'a', index: 0 }]);
    expect(() => respond([tensor('z')], 1, manifest, signatureOf(signature))).toThrow(/the class z, which is none/);
  });

  describe('for classes that are no indices', () => {
    const label: TensorSignature = { name: 'label', type: 'int64', shape: ['n'], classes: [-1, 1] };
    const predicted = (...values: bigint[]): Tensor[] => [
      { name: 'label', type: 'int64', shape: [values.length], data: new BigInt64Array(values) },
    ];
    const answer = (values: bigint[], manifest: Manifest, declared = label) =>
      respond(predicted(...values), values.length, manifest, signatureOf(declared));
    const unknown = { ...label, classes: undefined };

    it('gives the index in the order of the model, and the name of the class', () => {
      expect(answer([1n, -1n], { output: { label: 'label' } })).toEqual([
        { label: '1', index: 1 },
        { label: '-1', index: 0 },
      ]);
      expect(answer([-1n], { labels: { 1: 'inlier', '-1': 'outlier' }, output: { label: 'label' } })).toEqual([
        { label: 'outlier', index: 0 },
      ]);
    });

    it('refuses a class that is none of those known, and a negative one where none are', () => {
      expect(() => answer([3n], { output: { label: 'label' } })).toThrow(/the class 3, which is none/);
      const manifest = { labels: ['inlier', 'outlier'], output: { label: 'label' } };
      expect(() => answer([-1n], manifest, unknown)).toThrow(/the class -1, which is none/);
      expect(() => answer([-1n], { output: { label: 'label' } }, unknown)).toThrow(/the class -1/);
    });
  });

  describe('for several labels at once', () => {
    const logits: TensorSignature = { name: 'logits', type: 'float32', shape: ['n', 3] };
    const tensor = (shape: number[], ...data: number[]): Tensor => {
      return { name: 'logits', type: 'float32', shape, data: new Float32Array(data) };
    };
    const output = { sigmoid: 'logits' };
    const labels = ['spicy', 'hot', 'sweet'];

    it('gives the labels above the threshold, and the probability of each', () => {
      const expected = {
        probabilities: { spicy: 0.5, hot: expect.closeTo(0.8808, 4), sweet: expect.closeTo(0.0474, 4) },
      };
      const run = [tensor([1, 3], 0, 2, -3)];
      expect(respond(run, 1, { labels, output }, signatureOf(logits))).toEqual([
        { labels: ['spicy', 'hot'], ...expected },
      ]);
      const strict = { labels, output: { ...output, threshold: 0.6 } };
      expect(respond(run, 1, strict, signatureOf(logits))).toEqual([{ labels: ['hot'], ...expected }]);
    });

    it('takes probabilities as they are where the graph ends in a sigmoid', () => {
      const signature = signatureOf({ ...logits, activation: 'sigmoid' });
      const run = [tensor([1, 3], 0.25, 0.75, 0.5)];
      expect(respond(run, 1, { labels, output }, signature)).toEqual([
        { labels: ['hot', 'sweet'], probabilities: { spicy: 0.25, hot: 0.75, sweet: 0.5 } },
      ]);
    });

    it('decides between two labels by one score', () => {
      const signature = signatureOf({ ...logits, shape: ['n', 1] });
      expect(respond([tensor([2, 1], 0, -2)], 2, { labels: ['no', 'yes'], output }, signature)).toEqual([
        { label: 'yes', index: 1, probabilities: { no: 0.5, yes: 0.5 } },
        { label: 'no', index: 0, probabilities: { no: expect.closeTo(0.8808, 4), yes: expect.closeTo(0.1192, 4) } },
      ]);
    });
  });

  describe('for several targets', () => {
    const declared: TensorSignature = { name: 'y', type: 'float32', shape: ['n', 2] };
    const run = (...shape: number[]): Tensor[] => [
      { name: 'y', type: 'float32', shape, data: new Float32Array([1, 2, 3, 4]) },
    ];

    it('gives every value, as a list or by name', () => {
      expect(respond(run(2, 2), 2, { output: { value: 'y' } }, signatureOf(declared))).toEqual([
        { value: [1, 2] },
        { value: [3, 4] },
      ]);
      const output = { value: 'y', values: ['north', 'south'] };
      expect(respond(run(2, 2), 2, { output }, signatureOf(declared))).toEqual([
        { values: { north: 1, south: 2 } },
        { values: { north: 3, south: 4 } },
      ]);
    });

    it.each([
      ['more values than declared', { ...declared, shape: ['n', 1] }],
      ['fewer values than declared', { ...declared, shape: ['n', 3] }],
      ['more rows than were sent', { ...declared, shape: ['n', 2, 'length'] }],
    ])('fails on %s, with and without a mapping', (_, signature) => {
      for (const manifest of [{ output: { value: 'y' } }, {}]) {
        expect(() => respond(run(2, 2), 2, manifest, signatureOf(signature))).toThrow(/failed on this input/);
      }
    });
  });

  it('keeps the nesting of an output with a length of 0', () => {
    const signature: TensorSignature = { name: 'y', type: 'float32', shape: ['n', 'a', 'b'] };
    const tensor: Tensor = { name: 'y', type: 'float32', shape: [1, 2, 0], data: new Float32Array() };
    expect(respond([tensor], 1, {}, signatureOf(signature))).toEqual([{ y: [[], []] }]);
  });

  it('finds the greatest of 200,000 scores', () => {
    const many: TensorSignature = { name: 'scores', type: 'float32', shape: ['n', 200_000] };
    const data = new Float32Array(200_000);
    data[123_456] = 1;
    const tensor: Tensor = { name: 'scores', type: 'float32', shape: [1, 200_000], data };
    const manifest = { output: { probabilities: 'scores', topK: 1 } };
    expect(respond([tensor], 1, manifest, signatureOf(many))).toMatchObject([{ index: 123_456 }]);
  });

  it('gives integers as numbers up to 2^53, and as bigints beyond', () => {
    const signature: TensorSignature = { name: 'number', type: 'int64', shape: ['n'] };
    const data = new BigInt64Array([42n, 9_007_199_254_740_993n]);
    expect(respond([{ name: 'number', type: 'int64', shape: [2], data }], 2, {}, signatureOf(signature))).toEqual([
      { number: 42 },
      { number: 9_007_199_254_740_993n },
    ]);
  });
});

describe('isClose', () => {
  it.each([
    [1, 1.00005, true],
    [1, 1.0002, false],
    [20_000, 20_001, true],
    [20_000, 20_003, false],
    [Number.NaN, Number.NaN, true],
    [Number.NaN, 0, false],
    [[1, 2], [1, 2.00001], true],
    [[1, 2], [1, 2, 3], false],
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1 }, { b: 1 }, false],
    ['a', 'a', true],
    ['a', 'b', false],
    [undefined, 1, false],
  ])('compares %p and %p: %p', (actual, expected, close) => {
    expect(isClose(actual, expected)).toBe(close);
  });
});

describe('findMismatch', () => {
  it('names the expected and the actual value', () => {
    const example = { input: {}, label: 'a' };
    expect(findMismatch({ label: 'a' }, {}, example)).toBeUndefined();
    expect(findMismatch({ label: 'b' }, {}, example)).toBe('it answers its own example with "b" instead of "a"');
    expect(findMismatch({ value: 1.01 }, {}, { input: {}, value: 1, tolerance: 0.1 })).toBeUndefined();
    expect(findMismatch({ value: 1.01 }, {}, { input: {}, value: 1 })).toMatch(/1.01 instead of 1/);
  });
});

describe('parseManifest', () => {
  it.each([
    ['{', /not well-formed JSON/],
    ['[]', /it must be object/],
    ['{"acess":"public"}', /unknown key "acess"/],
    ['{"access":"all"}', /access must be one of public, member, admin/],
    ['{"features":[{"name":"a"},{"name":"a"}]}', /two features are called "a"/],
    ['{"features":[{"unit":"cm"}]}', /features.0 must have required property 'name'/],
    ['{"versions":{"one":{}}}', /versions/],
    ['{"versions":{"1":{"sha256":"abc"}}}', /versions.1.sha256/],
    ['{"batching":true}', /batching/],
  ])('refuses %s', (text, reason) => {
    expect(() => parseManifest(text)).toThrow(ManifestError);
    expect(() => parseManifest(text)).toThrow(reason);
  });

  it('accepts an empty manifest', () => {
    expect(parseManifest('{}')).toEqual({});
  });
});

describe('selfTestRows', () => {
  const schema = (...features: { name: string; minimum?: number; maximum?: number }[]) => ({
    fields: features.map((feature) => ({ name: feature.name, type: 'float32' as const, shape: [], feature })),
    inputs: [],
    isUniform: true,
  });

  it.each([
    ['no range', { name: 'a' }],
    ['a minimum', { name: 'a', minimum: 0 }],
    ['a maximum', { name: 'a', maximum: 0 }],
    ['a range', { name: 'a', minimum: 0, maximum: 1e-3 }],
  ])('makes three different rows within %s, also from an example at its edge', (_, feature) => {
    const { minimum = -Infinity, maximum = Infinity } = feature as { minimum?: number; maximum?: number };
    for (const example of [undefined, [0]]) {
      const values = selfTestRows(schema(feature), example).map(([value]) => value as number);
      expect(new Set(values).size).toBe(3);
      expect(values.every((value) => value >= minimum && value <= maximum)).toBe(true);
    }
  });

  it('makes fewer rows if no value can be varied', () => {
    expect(selfTestRows(schema({ name: 'a', minimum: 1, maximum: 1 }), undefined)).toEqual([[1]]);
  });
});
