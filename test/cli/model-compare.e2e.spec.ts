import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectRefusal, ModelCommand } from '../support/model-command.js';
import { TestModelStore } from '../support/model-store.js';

describe('npm run model -- compare', () => {
  let store: TestModelStore;
  let command: ModelCommand;
  let folder: string;

  beforeAll(async () => {
    store = await TestModelStore.create();
    command = new ModelCommand(store);
    folder = await mkdtemp(join(tmpdir(), 'barista-rows-'));
    await store.addTwoVersions('sum');
    const output = { label: 'label', probabilities: 'probabilities' };
    const manifest = {
      features: [{ name: 'a' }, { name: 'b' }],
      output,
      labels: ['low', 'middle', 'high'],
      versions: {
        2: { candidate: true, labels: ['low', 'high', 'middle'] },
        3: { features: [{ name: 'b' }, { name: 'c' }] },
      },
    };
    await store.add('kind', 'classifier');
    await store.add('kind', 'classifier', { version: 2 });
    await store.add('kind', 'classifier', { version: 3, manifest });
    await store.add('centre', 'centre');
    await store.add('centre', 'centre', { version: 2 });
    await store.add('pick', 'pick', { manifest: { example: { input: { index: 1 } } } });
  });

  afterAll(async () => {
    await store.remove();
    await rm(folder, { recursive: true });
  });

  async function compare(name: string, versions: string, file: string, content: string): Promise<string[]> {
    const path = join(folder, file);
    await writeFile(path, content);
    const printed = await command.succeed('compare', name, ...versions.split(' '), '--rows', path);
    return printed.replaceAll(path, file).trimEnd().split('\n');
  }

  it('prints the largest and the mean difference of values, and the first rows that differ', async () => {
    expect(await compare('sum', '1 2', 'rows.csv', 'a;b;id\n1;1;x\n2;3;y\n3;5;z\n')).toEqual([
      'Compared sum/1 and sum/2 on 3 rows of rows.csv.',
      '  not features, ignored: id',
      '  value: differs by at most 4, by 2 on average',
      '2 rows differ. The first:',
      '  line 3: {"a":"2","b":"3","id":"y"}',
      '    1: {"value":3}',
      '    2: {"value":1}',
      '  line 4: {"a":"3","b":"5","id":"z"}',
      '    1: {"value":5}',
      '    2: {"value":1}',
    ]);
  });

  it('says so where none differs', async () => {
    for (const [file, content] of [
      ['rows.jsonl', '{"a":1,"b":2}\n{"a":2}\n'],
      ['list.json', '[{"a":1,"b":2},{"a":2}]'],
      ['instances.json', '{"instances":[{"a":1,"b":2},{"a":2}]}'],
      [
        'reference.json',
        '{"rows":[{"input":{"a":1,"b":2},"output":{"value":3}},{"input":{"a":2},"output":{"value":1}}]}',
      ],
    ] as const) {
      expect(await compare('sum', '1 1', file, content)).toEqual([
        `Compared sum/1 and sum/1 on 2 rows of ${file}.`,
        '  value: the same',
        'No row differs by more than rounding.',
      ]);
    }
  });

  it('counts the labels that one gives in place of another', async () => {
    const rows = Array.from({ length: 12 }, (_, index) => `{"a":${index - 6},"b":${index % 3}}\n`).join('');
    const lines = await compare('kind', '1 2', 'rows.jsonl', rows);
    expect(lines[1]).toMatch(/^ {2}label: another one for \d+ of 12 rows$/);
    expect(lines.filter((line) => /^ {4}(middle → high|high → middle): \d+$/.test(line)).length).toBeGreaterThan(0);
    expect(lines.find((line) => line.startsWith('  probabilities:'))).toMatch(
      /differs by at most 0\.\d+, by 0\.\d+ on average/,
    );
  });

  it('gives each version the features that it has', async () => {
    const [first, second] = await compare('kind', '1 3', 'rows.csv', 'a,b,c\n1,2,3\n');
    expect(first).toBe('Compared kind/1 and kind/3 on 1 row of rows.csv.');
    expect(second).toMatch(/^ {2}label: another one for \d of 1 row$/);
  });

  it('compares lists of outputs, of a model that takes one row at a time', async () => {
    expect(await compare('centre', '1 2', 'rows.csv', 'x\n"[1, 2]"\n"[3, 4]"\n')).toContain('  centred: the same');
  });

  it('names the first row that a version does not take, or fails on', async () => {
    const lines = await compare('sum', '1 2', 'rows.csv', 'a,b\n1,1\nx,1\n');
    expect(lines).toContain('  sum/1 gives nothing for 1 row: line 3: a must be a finite number');
    expect((await compare('pick', '1 1', 'rows.csv', 'index\n0\n7\n1\n'))[1]).toMatch(
      /^ {2}pick\/1 gives nothing for 1 row: line 3: /,
    );
  });

  it('refuses what it cannot read', async () => {
    const path = join(folder, 'broken.json');
    await writeFile(path, '[{"a"');
    await expectRefusal(command, /broken.json: .*well-formed/, 'compare', 'sum', '1', '2', '--rows', path);
    await expectRefusal(command, /none.csv: there is no such file/, 'compare', 'sum', '1', '2', '--rows', 'none.csv');
    await expectRefusal(command, /rows.txt: expected a file of rows/, 'compare', 'sum', '1', '2', '--rows', 'rows.txt');
    await expectRefusal(command, /"sum" has no version 9. There are: 2, 1/, 'compare', 'sum', '1', '9', '--rows', path);
    await expectRefusal(command, /There is no model "total"/, 'compare', 'total', '1', '2', '--rows', path);
    await expectRefusal(command, /Expected: npm run model -- compare/, 'compare', 'sum', '1', '2');
    await expectRefusal(command, /Expected: npm run model -- compare/, 'compare', 'sum', '1', '--rows', path);
  });
});
