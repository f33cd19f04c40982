import type { Manifest } from '../../../src/serving/manifest/manifest.js';
import { outputFormatOf } from '../../../src/serving/signature/output-format.js';
import { outputSchema } from '../../../src/serving/signature/output-schema.js';
import type { ClassValue, Signature, TensorSignature } from '../../../src/serving/signature/tensor.js';

const signatureOf = (...outputs: TensorSignature[]): Signature => {
  return { inputs: [{ name: 'x', type: 'float32', shape: ['n', 2] }], outputs };
};
const label = (type: 'int64' | 'string' | 'bool', classes?: ClassValue[]): TensorSignature => {
  return { name: 'label', type, shape: ['n'], classes };
};
const scores = (width: number, classes?: ClassValue[]): TensorSignature => {
  return { name: 'scores', type: 'float32', shape: ['n', width], classes };
};
const CLASSIFIER = { label: 'label', probabilities: 'scores' };
const RATING = signatureOf(label('int64', [1, 2, 3]), scores(3, [1, 2, 3]));
const LEVELS = signatureOf(label('string', ['high', 'low', 'mid']), scores(3, ['high', 'low', 'mid']));

describe('outputFormatOf', () => {
  const classesOf = (signature: Signature, manifest: Manifest) => outputFormatOf(signature, manifest).classes;

  it('names the classes of the graph by a list in their order', () => {
    expect(classesOf(RATING, { labels: ['poor', 'fair', 'good'], output: CLASSIFIER })).toEqual({
      names: ['poor', 'fair', 'good'],
      values: ['1', '2', '3'],
    });
  });

  it('names the classes of the graph by a map from their values', () => {
    const labels = { 3: 'good', 1: 'poor', 2: 'fair' };
    expect(classesOf(RATING, { labels, output: CLASSIFIER })?.names).toEqual(['poor', 'fair', 'good']);
    const outlier = signatureOf(label('int64', [-1, 1]));
    const names = { 1: 'inlier', '-1': 'outlier' };
    expect(classesOf(outlier, { labels: names, output: { label: 'label' } })?.names).toEqual(['outlier', 'inlier']);
  });

  it('refuses to turn the probabilities that a model computes into other ones', () => {
    const formatOf = (activation: 'sigmoid' | 'softmax', output: Manifest['output']) => {
      return () => outputFormatOf(signatureOf({ ...scores(3), activation }), { output });
    };
    expect(formatOf('softmax', { logits: 'scores' })).toThrow(/by a softmax: say output.probabilities instead/);
    expect(formatOf('sigmoid', { logits: 'scores' })).toThrow(/by a sigmoid: say output.sigmoid instead/);
    expect(formatOf('softmax', { sigmoid: 'scores' })).toThrow(/by a softmax: say output.probabilities instead/);
    expect(formatOf('sigmoid', { sigmoid: 'scores' })).not.toThrow();
    expect(formatOf('softmax', { probabilities: 'scores' })).not.toThrow();
  });

  it('takes class values as Python writes them as keys of a map', () => {
    const output = { label: 'label' };
    const flags = signatureOf(label('int64', [0, 1]));
    expect(classesOf(flags, { labels: { True: 'yes', False: 'no' }, output })?.names).toEqual(['no', 'yes']);
    expect(classesOf(RATING, { labels: { '1.0': 'a', '2.0': 'b', '3.0': 'c' }, output: CLASSIFIER })?.names).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('takes the values of the classes as names where model.json has none', () => {
    expect(classesOf(RATING, { output: CLASSIFIER })?.names).toEqual(['1', '2', '3']);
    expect(classesOf(LEVELS, { output: CLASSIFIER })?.names).toEqual(['high', 'low', 'mid']);
    expect(classesOf(signatureOf(label('bool')), { output: { label: 'label' } })?.names).toEqual(['false', 'true']);
  });

  it('takes the keys of a map as the classes, by size, where the graph does not have them', () => {
    const unknown = signatureOf(label('int64'), scores(3));
    const labels = { 20: 'b', 3: 'a', '-1': 'z' };
    expect(classesOf(unknown, { labels, output: CLASSIFIER })).toEqual({
      names: ['z', 'a', 'b'],
      values: ['-1', '3', '20'],
    });
  });

  it('takes a list as the names of the indices, or of text classes themselves, where the graph has no classes', () => {
    const output = { label: 'label' };
    expect(classesOf(signatureOf(label('int64')), { labels: ['a', 'b'], output })?.values).toEqual(['0', '1']);
    expect(classesOf(signatureOf(label('string')), { labels: ['a', 'b'], output })?.values).toEqual(['a', 'b']);
  });

  it.each<[string, Signature, Manifest, RegExp]>([
    [
      'text classes in another order',
      LEVELS,
      { labels: ['low', 'mid', 'high'], output: CLASSIFIER },
      /another order.*high, low, mid/,
    ],
    [
      'a list of another length',
      RATING,
      { labels: ['poor', 'good'], output: CLASSIFIER },
      /2 names, but the model has 3 classes: 1, 2, 3/,
    ],
    [
      'a map without one of the classes',
      RATING,
      { labels: { 1: 'a', 2: 'b' }, output: CLASSIFIER },
      /no name for the class 3/,
    ],
    [
      'a map with another class',
      RATING,
      { labels: { 0: 'z', 1: 'a', 2: 'b', 3: 'c' }, output: CLASSIFIER },
      /names a class 0/,
    ],
    [
      'a map with a name twice',
      RATING,
      { labels: { 1: 'a', 2: 'b', 3: 'a' }, output: CLASSIFIER },
      /two classes called "a"/,
    ],
    [
      'two outputs about different classes',
      signatureOf(label('int64', [0, 1]), scores(2, [1, 2])),
      { output: CLASSIFIER },
      /different classes/,
    ],
    [
      'more labels than scores',
      signatureOf(scores(2)),
      { labels: ['a', 'b', 'c'], output: { logits: 'scores' } },
      /2 values a row, but there are 3 labels/,
    ],
    [
      'one score between two labels',
      signatureOf(scores(1)),
      { labels: ['no', 'yes'], output: { logits: 'scores' } },
      /use output\.sigmoid/,
    ],
    [
      'a label of several values',
      signatureOf({ ...label('int64'), shape: ['n', 3] }),
      { output: { label: 'label' } },
      /has 3 values a row.*output\.sigmoid/,
    ],
    [
      'fewer names than values',
      signatureOf(scores(3)),
      { output: { value: 'scores', values: ['north', 'south'] } },
      /3 values a row, but output\.values in model\.json has 2 names/,
    ],
    [
      'names of values without a value',
      signatureOf(scores(2)),
      { output: { probabilities: 'scores', values: ['a', 'b'] } },
      /output\.value, which is missing/,
    ],
    [
      'a threshold without sigmoid',
      signatureOf(scores(2)),
      { output: { logits: 'scores', threshold: 0.4 } },
      /output\.sigmoid, which is missing/,
    ],
    [
      'sigmoid beside probabilities',
      signatureOf(scores(2)),
      { output: { sigmoid: 'scores', probabilities: 'scores' } },
      /stands alone/,
    ],
    [
      'labels of an output that is not clear',
      signatureOf(scores(2), { ...scores(3), name: 'more' }),
      { labels: ['a', 'b'] },
      /which output they are for is not clear.*"scores", "more"/,
    ],
    [
      'an output that the model does not have',
      RATING,
      { output: { label: 'klass' } },
      /names an output "klass"; the model has label, scores/,
    ],
  ])('refuses %s', (_, signature, manifest, message) => {
    expect(() => outputFormatOf(signature, manifest)).toThrow(message);
  });

  it('infers the output that labels are for', () => {
    const { mapping } = outputFormatOf(RATING, { labels: ['poor', 'fair', 'good'] });
    expect(mapping).toEqual(CLASSIFIER);
  });
});

describe('outputSchema', () => {
  it('describes several targets and several labels', () => {
    const targets = outputSchema(signatureOf(scores(2)), { output: { value: 'scores', values: ['north', 'south'] } });
    expect(targets).toMatchObject({ properties: { values: { required: ['north', 'south'] } }, required: ['values'] });
    const list = outputSchema(signatureOf(scores(2)), { output: { value: 'scores' } });
    expect(list).toMatchObject({ properties: { value: { type: 'array', minItems: 2, maxItems: 2 } } });
    const several = outputSchema(signatureOf(scores(3)), { labels: ['a', 'b', 'c'], output: { sigmoid: 'scores' } });
    expect(several.required).toEqual(['labels', 'probabilities']);
    const two = outputSchema(signatureOf(scores(1)), { labels: ['no', 'yes'], output: { sigmoid: 'scores' } });
    expect(two.required).toEqual(['label', 'index', 'probabilities']);
  });

  it('keeps outputs called like members of results apart from these', () => {
    const outputs = ['row', 'error', 'id', 'label', 'output_id'].map((name) => ({ ...scores(1), name }));
    expect(Object.keys(outputSchema(signatureOf(...outputs), {}).properties as object)).toEqual([
      'output_row',
      'output_error',
      'output_output_id',
      'label',
      'output_id',
    ]);
  });
});
