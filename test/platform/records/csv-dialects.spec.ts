import { checkColumns, type Delimiter, readRecords } from '../../../src/platform/records/index.js';
import { findError, inChunks, readAll } from '../../support/records.js';

const valuesOf = async (text: string, options: Parameters<typeof readAll>[2] = {}): Promise<unknown> =>
  (await readAll(text, 'csv', options)).records.map(({ value, error }) => value ?? error?.message);

describe('The delimiter of CSV', () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    ['commas', 'a,b\n1,2\n', [], ['a', 'b']],
    ['semicolons', 'a;b\r\n1;2\r\n', [], ['a', 'b']],
    ['tabs', 'a\tb\n1\t2\n', [], ['a', 'b']],
    ['pipes', 'a|b\n1|2\n', [], ['a', 'b']],
    ['more of it than of the others', 'size, cm;weight;age\n1;2;3\n', [], ['size, cm', 'weight', 'age']],
    ['known names between it', 'size, cm;weight, kg\n1;2\n', ['size, cm', 'weight, kg'], ['size, cm', 'weight, kg']],
    [
      'known names that hold others',
      'city|Seoul,city|Busan\n1,2\n',
      ['city|Seoul', 'city|Busan'],
      ['city|Seoul', 'city|Busan'],
    ],
    ['quotes around others', '"a;b;c","d"\n1,2\n', [], ['a;b;c', 'd']],
    ['quotes around the names', '"a";"b, c"\n1;"2"\n', [], ['a', 'b, c']],
    ['one column', 'a\n1;2\n', [], ['a']],
    ['one column in quotes', '"a;b"\n1;2\n', [], ['a;b']],
    ['one column of a known name', 'a|b\n1\n', ['a|b'], ['a|b']],
    ['a line break in a name', '"a\n1";b\n1;2\n', [], ['a\n1', 'b']],
  ])('is found in a header with %s', async (_, text, names, columns) => {
    const read = await readAll(text, 'csv', { columns: { names } });
    expect(read.columns).toEqual(columns);
    expect(read.records[0]?.error).toBeUndefined();
  });

  it('separates cells with and without quotes', async () => {
    expect(await valuesOf('a;b\n1,5;"x;y"\n"2";\n')).toEqual([{ a: '1,5', b: 'x;y' }, { a: '2' }]);
  });

  it.each<[Delimiter]>([[','], [';'], ['\t'], ['|']])(
    'is %j where asked for, whatever the header looks like',
    async (delimiter) => {
      const text = `a,1;2|3\t4${delimiter}b\nx${delimiter}y\n`;
      const { columns } = await readAll(text, 'csv', { delimiter });
      expect(columns).toEqual(text.split('\n', 1)[0]!.split(delimiter));
    },
  );

  it('is named by a first line of Excel, which does not count as the header', async () => {
    for (const end of ['\n', '\r\n']) {
      const text = ['sep=;', 'a,x;b', '1;2', '"3'].join(end);
      expect(await findError(text, 'csv')).toEqual([['body', 'file', 4], expect.stringContaining('not closed')]);
      const { columns, records } = await readAll(['SEP=;', 'a,x;b', '1;2'].join(end), 'csv', { ends: [3, 7] });
      expect([columns, records.map(({ position }) => position)]).toEqual([['a,x', 'b'], [3]]);
    }
    expect(await findError('sep=;\n', 'csv')).toEqual([['body', 'file'], 'the file is empty']);
    expect(await findError('sep=;\n\na;b\n', 'csv')).toEqual([
      ['body', 'file', 2],
      'line 2 is empty: it must name the columns',
    ]);
    expect(await valuesOf('sep=;b\n1;2\n')).toEqual([{ 'sep=': '1', b: '2' }]);
  });

  it('is found in a header that is longer than a piece of the file', async () => {
    const names = Array.from({ length: 2_000 }, (_, index) => `column ${index}`);
    const { columns } = await readAll(`sep=|\n${names.join('|')}\n${names.join('|')}\n`, 'csv');
    expect(columns).toEqual(names);
  });
});

describe('checkColumns', () => {
  const fields = { names: ['a', 'b'], required: ['a'], read: (texts: object) => ({ ...texts }) };

  async function errorsOf(text: string): Promise<unknown> {
    const reader = readRecords(inChunks(Buffer.from(text)), 'csv');
    for await (const batch of reader) expect(batch.length).toBeGreaterThan(0);
    try {
      checkColumns(reader.header!, fields);
    } catch (error) {
      return (error as { errors: unknown }).errors;
    }
    return [];
  }

  it('names the line of the header, and each column that is missing, unknown or without a name', async () => {
    expect(await errorsOf('b,a\n1,2\n')).toEqual([]);
    expect(await errorsOf('sep=;\nb;c\n1;2\n')).toMatchObject([
      { location: ['body', 'file', 2, 'a'], type: 'missing' },
      { location: ['body', 'file', 2, 'c'], type: 'unknown' },
    ]);
    expect(await errorsOf(',a\n0,1\n')).toMatchObject([
      { location: ['body', 'file', 1], type: 'header', message: expect.stringContaining('index=False') },
    ]);
    expect(await errorsOf('a,\n0,1\n')).toMatchObject([{ message: 'column 2 has no name' }]);
  });
});
