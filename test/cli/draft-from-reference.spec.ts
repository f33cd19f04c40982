import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { draftFromReference } from '../../src/cli/model/draft-from-reference.js';
import type { Manifest } from '../../src/serving/manifest/manifest.js';
import type { Signature, TensorSignature } from '../../src/serving/signature/tensor.js';

const column = (name: string, type: TensorSignature['type']): TensorSignature => ({ name, type, shape: ['n', 1] });
const VALUE = column('out', 'float32');
const MATRIX: Signature = { inputs: [{ name: 'x', type: 'float32', shape: ['n', 3] }], outputs: [VALUE] };
const TABLE: Signature = {
  inputs: [column('age', 'float32'), column('city', 'string'), column('visits', 'int64')],
  outputs: [VALUE],
};
const TWO_TARGETS: Signature = { ...MATRIX, outputs: [{ ...VALUE, shape: ['n', 2] }] };
const output = { value: 'out' };
const NUMBERED: Manifest = { features: [1, 2, 3].map((index) => ({ name: `feature_${index}` })), output };
const NAMED: Manifest = { features: TABLE.inputs.map(({ name }) => ({ name })), output };

describe('draftFromReference', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barista-rows-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function featuresOf(draft: Manifest, signature: Signature, file: string, content: string) {
    await writeFile(join(folder, file), content);
    return (await draftFromReference(draft, signature, join(folder, file))).features;
  }

  it.each<[string, string, string, string[]]>([
    ['the columns that are no outputs', 'rows.csv', 'a,b,value,c\n1,2,3,4\n', ['a', 'b', 'c']],
    ['the keys of rows', 'rows.json', '[{"input":{"a":1,"b":2,"c":3},"output":{"value":4}}]', ['a', 'b', 'c']],
    ['nothing for too few columns', 'rows.csv', 'a,b,value\n1,2,3\n', ['feature_1', 'feature_2', 'feature_3']],
    [
      'nothing for one that is there',
      'rows.csv',
      'a,b,feature_3,value\n1,2,3,4\n',
      ['feature_1', 'feature_2', 'feature_3'],
    ],
    [
      'nothing for keys without order',
      'rows.json',
      '[{"input":{"2":1,"1":2,"0":3},"output":{"value":4}}]',
      ['feature_1', 'feature_2', 'feature_3'],
    ],
  ])('names features by %s', async (_, file, content, names) => {
    expect(await featuresOf(NUMBERED, MATRIX, file, content)).toEqual(names.map((name) => ({ name })));
  });

  it.each<[string, string, string]>([
    ['empty cells and words', 'rows.csv', 'age,city,visits,value\nNA,,1,1\n1,x,,1\n'],
    ['null and absent keys', 'rows.json', '[{"input":{"age":null,"visits":null},"output":{"value":4}}]'],
  ])('lets numbers and texts be missing that are %s', async (_, file, content) => {
    const rows = file.endsWith('json')
      ? content.replace('[', '[{"input":{"age":1,"city":"x","visits":1},"output":{"value":1}},')
      : content;
    expect(await featuresOf(NAMED, TABLE, file, rows)).toEqual([
      { name: 'age', nullable: true },
      { name: 'city', nullable: true },
      // An integer has no value for it.
      { name: 'visits' },
    ]);
  });

  it('names the values of a regressor of several targets by their columns', async () => {
    const file = join(folder, 'targets.csv');
    await writeFile(file, 'a,values.north,b,values.south,c\n1,2,3,4,5\n');
    const { features, output: named } = await draftFromReference(NUMBERED, TWO_TARGETS, file);
    expect(named).toEqual({ value: 'out', values: ['north', 'south'] });
    expect(features?.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('leaves a draft alone whose rows are complete, or which has no features', async () => {
    expect(await featuresOf(NAMED, TABLE, 'rows.csv', 'age,city,visits,value\n1,NA,1,1\n')).toEqual(NAMED.features);
    expect(await featuresOf({ output }, TABLE, 'rows.csv', 'age\n1\n')).toBeUndefined();
  });
});
