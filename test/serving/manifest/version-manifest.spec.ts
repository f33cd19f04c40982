import type { Manifest } from '../../../src/serving/manifest/manifest.js';
import { parseManifest } from '../../../src/serving/manifest/read-manifest.js';
import { exampleOf, manifestOfVersion } from '../../../src/serving/manifest/version-manifest.js';

const MODEL: Manifest = {
  features: [{ name: 'a' }, { name: 'b', default: 1 }],
  labels: ['no', 'yes'],
  output: { label: 'label', probabilities: 'probabilities' },
  example: { input: { a: 1 }, label: 'yes', tolerance: 0.1 },
};

/** The manifest of a version with this entry. */
const of = (entry: NonNullable<Manifest['versions']>[string]) =>
  manifestOfVersion({ ...MODEL, versions: { 2: entry } }, '2');

describe('manifestOfVersion', () => {
  it('is that of the model for a version that says nothing else', () => {
    expect(of({ candidate: true })).toMatchObject(MODEL);
    expect(manifestOfVersion(MODEL, '1')).toEqual(MODEL);
  });

  it('replaces features, labels and outputs, and takes away what is null', () => {
    const features = [{ name: 'c' }];
    expect(of({ features })).toMatchObject({ features, labels: MODEL.labels, output: MODEL.output });
    expect(of({ labels: ['low', 'high'] })).toMatchObject({ features: MODEL.features, labels: ['low', 'high'] });
    const { features: none, output, labels } = of({ features: null, output: null, labels: null });
    expect([none, output, labels]).toEqual([undefined, undefined, undefined]);
  });

  it('stays the same when it is made twice', () => {
    for (const entry of [{ features: [{ name: 'c' }] }, { output: { value: 'v' } }, { example: { label: 'no' } }]) {
      const once = of(entry);
      expect(manifestOfVersion(once, '2')).toEqual(once);
    }
  });
});

describe('exampleOf', () => {
  it.each<[string, NonNullable<Manifest['versions']>[string], Manifest['example']]>([
    ['the model for the same interface', {}, MODEL.example],
    ['the model, with the prediction of the version', { example: { label: 'no' } }, { ...MODEL.example!, label: 'no' }],
    [
      'the version alone, if it has an input',
      { example: { input: { a: 2 }, value: 3 } },
      { input: { a: 2 }, value: 3 },
    ],
    [
      'the model for features that take its row',
      {
        features: [
          { name: 'a', minimum: 0 },
          { name: 'n', nullable: true },
        ],
      },
      MODEL.example,
    ],
    ['nobody for features by other names', { features: [{ name: 'c' }] }, undefined],
    ['nobody for features that need more', { features: [{ name: 'a' }, { name: 'c' }] }, undefined],
    ['nobody where the features are taken away', { features: null }, undefined],
    ['the model without its prediction for another output', { output: { value: 'v' } }, { input: { a: 1 } }],
    ['the model for labels that have its own', { labels: ['yes', 'maybe'] }, MODEL.example],
    ['the model without its label for other labels', { labels: ['low', 'high'] }, { input: { a: 1 }, tolerance: 0.1 }],
    ['the model for labels by class', { labels: { 1: 'yes', 2: 'no' } }, MODEL.example],
  ])('is that of %s', (_, entry, expected) => {
    expect(exampleOf({ ...MODEL, versions: { 2: entry } }, '2')).toEqual(expected);
  });
});

describe('the entry of a version in model.json', () => {
  const parse = (entry: object) => parseManifest(JSON.stringify({ versions: { 2: entry } }));

  it('takes null for what it has not, and an example with its own input', () => {
    const entry = { features: null, labels: null, output: null, example: { input: { a: 1 } } };
    expect(parse(entry).versions).toEqual({ 2: entry });
  });

  it('is checked as the model is', () => {
    expect(() => parse({ features: [{ name: 'a' }, { name: 'a' }] })).toThrow('two features are called "a"');
    expect(() => parse({ features: [{ nam: 'a' }] })).toThrow(/versions\.2\.features\.0 has an unknown key "nam"/);
    expect(() => parse({ output: { labels: 'a' } })).toThrow(/versions\.2\.output has an unknown key "labels"/);
    expect(() => parseManifest('{"features":null}')).toThrow(/features must be array/);
  });
});
