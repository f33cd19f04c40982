import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addition, expectRefusal, ModelCommand } from '../support/model-command.js';
import { referenceOf as referenceOfLibrary } from '../support/exported-models.js';
import { TestModelStore } from '../support/model-store.js';

describe('npm run model -- add --reference', () => {
  let store: TestModelStore;
  let command: ModelCommand;
  let folder: string;

  beforeEach(async () => {
    store = await TestModelStore.create();
    command = new ModelCommand(store);
    folder = await mkdtemp(join(tmpdir(), 'barista-rows-'));
  });

  afterEach(async () => {
    await store.remove();
    await rm(folder, { recursive: true });
  });

  /** Writes a file of rows, and returns the option that names it. */
  async function rows(name: string, content: string): Promise<['--reference', string]> {
    await writeFile(join(folder, name), content);
    return ['--reference', join(folder, name)];
  }

  const referenceOf = async (name: string, version = 1) =>
    JSON.parse(await readFile(join(store.path, name, String(version), 'reference.json'), 'utf8')) as unknown;

  it('keeps the rows of a CSV with the version, takes its example from them, and verifies them in check', async () => {
    const option = await rows('rows.csv', '\ufefffeature_1,value,feature_2\r\n1,3,2\r\n-0.5,2,2.5\r\n');
    const printed = await command.add('sum', 'total', ...option);
    expect(printed).toContain('reference 2 rows verified');
    expect(printed).not.toContain('proves nothing');
    expect(await referenceOf('total')).toEqual({
      rows: [
        { input: { feature_1: 1, feature_2: 2 }, output: { value: 3 } },
        { input: { feature_1: -0.5, feature_2: 2.5 }, output: { value: 2 } },
      ],
      tolerance: 1e-4,
    });
    expect((await command.manifestOf('total')).example).toEqual({ input: { feature_1: 1, feature_2: 2 }, value: 3 });
    expect(await command.succeed('check', 'total')).toMatch(/example verified; 2 reference rows verified;/);
  });

  it('keeps rows in JSON, as a list or with a tolerance', async () => {
    const row = { input: { feature_1: 1, feature_2: 2 }, output: { value: 3.4 } };
    await command.add('sum', 'loose', ...(await rows('rows.json', JSON.stringify({ rows: [row], tolerance: 0.5 }))));
    expect(await referenceOf('loose')).toEqual({ rows: [row], tolerance: 0.5 });
    const exact = [{ ...row, output: { value: 3 } }];
    await command.add('sum', 'list', ...(await rows('LIST.JSON', JSON.stringify(exact))));
    expect(await referenceOf('list')).toEqual({ rows: exact, tolerance: 1e-4 });
    await command.add('sum', 'lines', ...(await rows('rows.jsonl', `${JSON.stringify(exact[0])}\n`)));
    expect(await referenceOf('lines')).toEqual({ rows: exact, tolerance: 1e-4 });
  });

  it('compares labels and named probabilities of a classifier', async () => {
    const printed = await command.add('classifier', 'plain');
    expect(printed).toContain('proves nothing: add --reference rows.csv');
    const { example } = await command.manifestOf('plain');
    expect(example?.output).toEqual({ label: 0 });
    const csv = (label: string, probability: number) =>
      `feature_1,feature_2,label,probability.0\n1,1,${label},${probability}\n`;
    const predicted = await probabilityOfFirstClass();
    await command.add('classifier', 'right', ...(await rows('right.csv', csv('0', predicted))));
    await expectRefusal(
      command,
      /label.csv: reference row 1: label is "0", and label.csv expects "1"/,
      ...addition('classifier', 'wrong', ...(await rows('label.csv', csv('1', predicted)))),
    );
    await expectRefusal(
      command,
      /probability.csv: reference row 1: probabilities\.0 is 0\.\d+, and probability.csv expects 0\.001/,
      ...addition('classifier', 'wrong', ...(await rows('probability.csv', csv('0', 0.001)))),
    );
  });

  /** Of the classifier. */
  async function probabilityOfFirstClass(row = '1,1'): Promise<number> {
    const option = await rows('probe.csv', `feature_1,feature_2,probability.0\n${row},2\n`);
    const { stderr } = await command.run(...addition('classifier', 'probe', ...option));
    return Number(/probabilities\.0 is ([\d.]+),/.exec(stderr)?.[1]);
  }

  it('reads texts, booleans and lists, and the outputs by tensor of a model without a mapping', async () => {
    const input = {
      number: 1.5,
      count: 7,
      word: '007',
      flag: true,
      grid: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    };
    const output = { number_out: 1.5, word_out: '007', flag_out: true, grid_out: input.grid };
    await command.add('kinds', 'kinds', ...(await rows('rows.json', JSON.stringify([{ input, output }]))));
    await command.succeed('check', 'kinds');
    const other = [{ input, output: { ...output, flag_out: false } }];
    await expectRefusal(
      command,
      /reference row 1: flag_out is true, and other.json expects false/,
      ...addition('kinds', 'other', ...(await rows('other.json', JSON.stringify(other)))),
    );
  });

  it('adds a version only where it reproduces its own rows, and check verifies all of them', async () => {
    await command.add('sum', 'sum');
    const lines = Array.from({ length: 300 }, (_, index) => `${index},1,${index === 299 ? 7 : index - 1}\n`);
    const header = 'feature_1,feature_2,value\n';
    await expectRefusal(
      command,
      /reference row 300: value is 298, and rows.csv expects 7/,
      ...addition('difference', 'sum', '--own-answer', ...(await rows('rows.csv', header + lines.join('')))),
    );
    const right = lines.slice(0, 299).join('');
    await command.add('difference', 'sum', '--own-answer', ...(await rows('right.csv', header + right)));
    expect(await command.succeed('check', 'sum')).toMatch(/sum\/2 .*299 reference rows verified/);
    const file = 'sum/2/reference.json';
    const text = await readFile(join(store.path, file), 'utf8');
    await store.write(file, text.replace('"value":297', '"value":12'));
    const { code, stdout } = await command.run('check', 'sum');
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED {2}sum\/2 {2}reference row 299: value is 297, and reference\.json expects 12/);
  });

  it.each<[string, string, string, RegExp]>([
    [
      'an unknown column',
      'rows.csv',
      'feature_1,feature_2,valeu\n1,2,3\n',
      /"valeu" is no column of this model: its features are feature_1, feature_2, and its outputs value/,
    ],
    ['no column of an output', 'rows.csv', 'feature_1,feature_2\n1,2\n', /no column has an output of the model: value/],
    ['a row without an output', 'rows.csv', 'feature_1,feature_2,value\n1,2,3\n1,2,\n', /line 3 has no output/],
    [
      'an output that is no number',
      'rows.csv',
      'feature_1,feature_2,value\n1,2,x\n',
      /reference row 1: value is 3, and rows.csv expects "x"/,
    ],
    [
      'a cell that is no value of its feature',
      'rows.csv',
      'feature_1,feature_2,value\n1,2,3\n1,x,3\n',
      /reference row 2: feature_2 must be a finite number/,
    ],
    [
      'a row of another length',
      'rows.csv',
      'feature_1,feature_2,value\n1,2\n',
      /line 2 has 2 cells, and the header has 3/,
    ],
    ['no row', 'rows.csv', 'feature_1,feature_2,value\n', /the file has a header and no rows/],
    [
      'a member of an output that has none',
      'rows.csv',
      'feature_1,feature_2,values.a\n1,2,3\n',
      /"values.a" is no column of this model/,
    ],
    [
      'an unknown key in JSON',
      'rows.json',
      '[{"input":{},"output":{},"label":1}]',
      /reference row 1 has an unknown key "label"; known: input, output/,
    ],
    ['JSON that is none', 'rows.json', '[{"input"', /rows.json: it is not well-formed JSON/],
    ['another kind of file', 'rows.txt', '', /rows.txt: expected a file of rows that ends in .csv, .json or .jsonl/],
  ])('refuses %s', async (_, name, content, message) => {
    await expectRefusal(command, message, ...addition('sum', 'new', ...(await rows(name, content))));
  });

  describe('of a new model', () => {
    it('names the features by the columns, where the graph has no names', async () => {
      await command.add('sum', 'named', ...(await rows('rows.csv', 'height;width;value\n1.5;2;3.5\n')));
      expect((await command.manifestOf('named')).features).toEqual([{ name: 'height' }, { name: 'width' }]);
      const json = JSON.stringify([{ input: { depth: 1, width: 2 }, output: { value: 3 } }]);
      await command.add('sum', 'json', ...(await rows('rows.json', json)));
      expect((await command.manifestOf('json')).features).toEqual([{ name: 'depth' }, { name: 'width' }]);
      await expectRefusal(
        command,
        /"height" is no column of this model: its features are feature_1, feature_2/,
        ...addition('sum', 'three', ...(await rows('three.csv', 'height,width,depth,value\n1,2,3,3\n'))),
      );
    });

    it('takes it that the order of the columns is that of the training, which the outputs prove', async () => {
      const predicted = await probabilityOfFirstClass('2,1');
      const csv = (header: string) => `${header},label,probability.0\n2,1,0,${predicted}\n`;
      await command.add('classifier', 'right', ...(await rows('right.csv', csv('a,b'))));
      const swapped = await rows('swapped.csv', csv('b,a').replace('2,1', '1,2'));
      await expectRefusal(
        command,
        /reference row 1: (label|probabilities\.0) is /,
        ...addition('classifier', 'swapped', ...swapped),
      );
    });

    it('names the targets by the columns, and takes a list of values for named ones', async () => {
      const csv = 'a,b,c,values.north,values.south\n1.4823277,-1.0185945,-0.0319479,2.2949,-0.7883\n';
      const { value } = referenceOfLibrary('multireg');
      const [[north, south] = []] = value as number[][];
      const content = csv.replace('2.2949', String(north)).replace('-0.7883', String(south));
      await command.add('exported/multireg', 'two', ...(await rows('two.csv', content)));
      expect((await command.manifestOf('two')).output).toEqual({ value: 'variable', values: ['north', 'south'] });
      const list = [{ input: { a: 1.4823277, b: -1.0185945, c: -0.0319479 }, output: { value: [north, south] } }];
      await command.add('exported/multireg', 'two', ...(await rows('list.json', JSON.stringify(list))));
      const swapped = content.replace('north,values.south', 'south,values.north').replace(/,b,/, ',b,');
      await expectRefusal(
        command,
        /reference row 1: values\.south is -?\d/,
        ...addition('exported/multireg', 'two', ...(await rows('swapped.csv', swapped))),
      );
    });

    it('takes an example of its own where rows have integers that model.json cannot hold', async () => {
      const row = '{"number":1,"count":9007199254740993,"word":"a","flag":true,"grid":[[1,2,3],[4,5,6]]}';
      await command.add(
        'kinds',
        'long',
        ...(await rows('rows.json', `[{"input":${row},"output":{"count_out":9007199254740993}}]`)),
      );
      expect((await command.manifestOf('long')).example?.input).toMatchObject({ count: 1 });
    });

    it('lets features be missing that are missing in a row which the model reproduces', async () => {
      const csv = 'a,b,c,value\n1,2,3,6\n,2,3,15\n1,NaN,3,24\n';
      await command.add('impute', 'csv', ...(await rows('rows.csv', csv)));
      const features = [{ name: 'a', nullable: true }, { name: 'b', nullable: true }, { name: 'c' }];
      expect((await command.manifestOf('csv')).features).toMatchObject(features);
      await command.succeed('check', 'csv');
      const json = [
        { input: { a: 1, b: 2, c: 3 }, output: { value: 6 } },
        { input: { a: null, c: 3 }, output: { value: 33 } },
      ];
      await command.add('impute', 'json', ...(await rows('rows.json', JSON.stringify(json))));
      expect((await command.manifestOf('json')).features).toMatchObject(features);
      await command.succeed('check', 'json');
    });

    it('keeps verifying classes by their values once they have names', async () => {
      const predicted = await probabilityOfFirstClass();
      const csv = `a,b,label,probability.0\n1,1,0,${predicted}\n`;
      await command.add('classifier', 'kind', ...(await rows('rows.csv', csv)));
      const manifest = await command.manifestOf('kind');
      await store.write('kind/model.json', JSON.stringify({ ...manifest, labels: ['low', 'middle', 'high'] }));
      expect(await command.succeed('check', 'kind')).toContain('1 reference row verified');
      const byName = { rows: [{ input: { a: 1, b: 1 }, output: { label: 'low', probabilities: { low: predicted } } }] };
      await store.write('kind/1/reference.json', JSON.stringify(byName));
      await command.succeed('check', 'kind');
      await store.write('kind/model.json', JSON.stringify({ ...manifest, labels: ['middle', 'low', 'high'] }));
      expect((await command.run('check', 'kind')).stdout).toMatch(
        /reference row 1: label is "middle", .* expects "low"/,
      );
    });

    it('takes outputs beside the input', async () => {
      const json = { rows: [{ input: { a: 1, b: 2 }, value: 3 }] };
      await command.add('sum', 'flat', ...(await rows('fixture.json', JSON.stringify(json))));
      expect(await referenceOf('flat')).toMatchObject({ rows: [{ input: { a: 1, b: 2 }, output: { value: 3 } }] });
    });
  });

  it('refuses a file that is not there', async () => {
    const option = ['--reference', join(folder, 'none.csv')];
    await expectRefusal(command, /none.csv: there is no such file/, ...addition('sum', 'new', ...option));
  });
});
