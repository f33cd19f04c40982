import { MalformedRequestError } from '../../../src/platform/http/index.js';
import { detectFormat, readRecords, type ReadOptions } from '../../../src/platform/records/index.js';
import { findError, inChunks, readAll } from '../../support/records.js';

const FILE = ['body', 'file'];

describe('readRecords of CSV', () => {
  const rowsOf = async (text: string): Promise<unknown[]> =>
    (await readAll(text, 'csv')).records.map(({ position, value }) => [position, value]);

  it('reads a header and rows, with the line number of each row', async () => {
    const { columns, records } = await readAll('a,b\n1,2\n3,4\n', 'csv');
    expect(columns).toEqual(['a', 'b']);
    expect(records).toEqual([
      { position: 2, location: [...FILE, 2], value: { a: '1', b: '2' } },
      { position: 3, location: [...FILE, 3], value: { a: '3', b: '4' } },
    ]);
  });

  it.each([
    ['a last line without a line break', 'a,b\n1,2', [[2, { a: '1', b: '2' }]]],
    ['CRLF', 'a,b\r\n1,2\r\n', [[2, { a: '1', b: '2' }]]],
    ['a byte order mark', '\ufeffa,b\n1,2\n', [[2, { a: '1', b: '2' }]]],
    ['spaces around the names of columns', ' a, b \n1, 2\n', [[2, { a: '1', b: ' 2' }]]],
    [
      'empty cells, which it omits',
      'a,b\n,2\n"",\n',
      [
        [2, { b: '2' }],
        [3, {}],
      ],
    ],
    [
      'empty lines, which it skips',
      'a,b\n\n1,2\n\r\n3,4\n\n',
      [
        [3, { a: '1', b: '2' }],
        [5, { a: '3', b: '4' }],
      ],
    ],
    ['commas and quotes in quotes', 'a,b\n"1,5","say ""hi"""\n', [[2, { a: '1,5', b: 'say "hi"' }]]],
    [
      'line breaks in quotes, which count as lines',
      'a,b\n"1\r\n\n2",x\n3,4\n',
      [
        [2, { a: '1\r\n\n2', b: 'x' }],
        [5, { a: '3', b: '4' }],
      ],
    ],
    ['line breaks in the header', '"a\n1",b\nx,y\n', [[3, { 'a\n1': 'x', b: 'y' }]]],
    [
      'column names that are properties of every object',
      'constructor,toString\n1,2\n',
      [[2, { constructor: '1', toString: '2' }]],
    ],
  ])('accepts %s', async (_, text, rows) => {
    expect(await rowsOf(text)).toEqual(rows);
  });

  it('reports rows with too few or too many cells, and reads the others', async () => {
    const { records } = await readAll('a,b\n1\n1,2,3\n"x\n",y\n1,2\n"",,\n', 'csv');
    expect(records.map(({ position, error }) => [position, error?.message])).toEqual([
      [2, 'line 2 has 1 cells, and the header has 2'],
      [3, 'line 3 has 3 cells, and the header has 2'],
      [4, undefined],
      [6, undefined],
      [7, 'line 7 has 3 cells, and the header has 2'],
    ]);
    expect(records[0]?.error).toMatchObject({ location: [...FILE, 2], type: 'columns' });
    expect(records[0]?.value).toBeUndefined();
  });

  it.each([
    ['no content', '', FILE, 'the file is empty'],
    ['only a byte order mark', '\ufeff', FILE, 'the file is empty'],
    ['only a header', 'a,b\n', FILE, 'the file has a header and no rows'],
    ['only a header and empty lines', 'a,b\n\n\r\n', FILE, 'the file has a header and no rows'],
    ['an empty first line', '\na,b\n1,2\n', [...FILE, 1], 'line 1 is empty: it must name the columns'],
    ['lines that end in CR alone', 'a,b\r1,2\r', [...FILE, 1], 'line 1 ends in CR alone: end lines with LF or CRLF'],
    ['two columns without a name', 'a, ,b,\n0,1,2,3\n', [...FILE, 1], 'column 4 has no name'],
    ['a column twice', 'a,b,a\n0,1,2\n', [...FILE, 1], 'there are two columns with the name a'],
    ['a column that would be a prototype', 'a,__proto__\n0,1\n', [...FILE, 1], '__proto__ is not a known column'],
    [
      'a quote in a cell without quotes',
      'a,b\n1,2\n5" x 3",4\n',
      [...FILE, 3],
      expect.stringContaining('a quote where none can be'),
    ],
    [
      'text after a quote',
      'a,b\n"x\ny",2\n"1"2,3\n',
      [...FILE, 4],
      expect.stringContaining('a quote where none can be'),
    ],
    [
      'a quote that is not closed',
      'a,b\n1,2\n"3,4\n5,6\n',
      [...FILE, 3],
      'the record that begins in line 3 has a quote that is not closed',
    ],
  ])('rejects a file with %s', async (_, text, location, message) => {
    expect(await findError(text, 'csv')).toEqual([location, message]);
  });

  it('requires UTF-8 unless told otherwise, and names the first line that is not', async () => {
    const latin1 = Buffer.from('name,price\nAmericano,1\n"Café\n",2\n', 'latin1');
    const [location, message] = await findError(latin1, 'csv');
    expect(location).toEqual([...FILE, 3]);
    expect(message).toMatch(/^line 3 is not UTF-8: .* charset=cp949$/);
    expect((await readAll('이름\n아메리카노\n', 'csv')).records[0]?.value).toEqual({ 이름: '아메리카노' });
  });
});

describe('readRecords of JSON lines', () => {
  it('reads a value per line, and reports a malformed line as an error of its own', async () => {
    const { columns, records } = await readAll('\ufeff{"a":1}\n\n{"a":\r\n  [2]\r\n{"a":9007199254740993}', 'jsonl');
    expect(columns).toBeUndefined();
    expect(records.map(({ position, value, error }) => [position, value ?? error?.message])).toEqual([
      [1, { a: 1 }],
      [3, 'line 3 is not well-formed JSON'],
      [4, [2]],
      [5, { a: 9007199254740993n }],
    ]);
  });

  it('rejects an empty file', async () => {
    expect(await findError('\n \n', 'jsonl')).toEqual([FILE, 'the file is empty']);
  });
});

describe('readRecords of JSON', () => {
  const rowsOf = async (text: string, from?: 'body'): Promise<unknown[]> =>
    (await readAll(text, 'json', { from })).records.map(({ location, value }) => [location.join('.'), value]);

  it('reads an array, {"instances": […]} or one row, located at ["body", "file"] in a file and at ["body"] in a body', async () => {
    expect(await rowsOf(' [{"a":1}, 2]\n')).toEqual([
      ['body.file.0', { a: 1 }],
      ['body.file.1', 2],
    ]);
    expect(await rowsOf('{ "instances" : [1,"]"] } ')).toEqual([
      ['body.file.0', 1],
      ['body.file.1', ']'],
    ]);
    expect(await rowsOf('\ufeff{"a":[1]}')).toEqual([['body.file', { a: [1] }]]);
    expect(await rowsOf('[1]', 'body')).toEqual([['body.0', 1]]);
    expect(await rowsOf('{"instances":[1]}', 'body')).toEqual([['body.instances.0', 1]]);
    expect(await rowsOf('{"a":1}', 'body')).toEqual([['body', { a: 1 }]]);
  });

  it('reads a row with a field "instances" when told so', async () => {
    const { records } = await readAll('{"instances":[1]}', 'json', { rows: { members: [] } });
    expect(records.map(({ value }) => value)).toEqual([{ instances: [1] }]);
  });

  it('keeps 64-bit integers exact', async () => {
    const { records } = await readAll('[{"id":1},{"id":18446744073709551615}]', 'json');
    expect(records.map(({ value }) => value)).toEqual([{ id: 1 }, { id: 18446744073709551615n }]);
  });

  it.each([
    ['', FILE, 'the file is empty'],
    ['[ ]', FILE, 'file must hold at least one row'],
    ['[1', [...FILE, 0], 'the JSON ends before its array does'],
    ['[1,"]', [...FILE, 1], 'the JSON ends before its array does'],
    ['{"instances":[1]', [...FILE, 1], 'the JSON goes on after its array'],
    ['{"instances":[1],"more":1}', [...FILE, 1], 'the JSON goes on after its array'],
    ['[1] 2', [...FILE, 1], 'the JSON goes on after its array'],
    ['[1 2]', [...FILE, 0], expect.stringContaining('not well-formed at element 0')],
    ['[,1]', [...FILE, 0], expect.stringContaining('not well-formed at element 0')],
    ['[1,]', [...FILE, 0], expect.stringContaining('not well-formed at element 0')],
    ['[1}', [...FILE, 0], expect.stringContaining('not well-formed at element 0')],
    ['[{]},1]', [...FILE, 0], expect.stringContaining('not well-formed at element 0')],
    ['{"a":', FILE, 'the file is not well-formed JSON'],
  ])('rejects a file with the content %s', async (text, location, message) => {
    expect(await findError(text, 'json')).toEqual([location, message]);
  });

  it('rejects a malformed body as a malformed request', async () => {
    for (const text of ['', '[1', '[1,]', '{"a":', '[1]2']) {
      await expect(readAll(text, 'json', { from: 'body' })).rejects.toBeInstanceOf(MalformedRequestError);
    }
    expect(await findError('[]', 'json', { from: 'body' })).toEqual([['body'], 'body must hold at least one row']);
  });
});

describe('readRecords of a hostile file', () => {
  const MEGABYTE = 2 ** 20;

  /** Repeats the same bytes up to 1 GB, and counts the bytes taken. */
  function endless(start: string, more: string): { source: AsyncIterable<Buffer>; taken: () => number } {
    let taken = 0;
    const chunk = Buffer.from(more.repeat(Math.ceil(65_536 / more.length)));
    async function* generate(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from(start));
      for (; taken < 1024 * MEGABYTE; taken += chunk.length) yield chunk;
    }
    return { source: generate(), taken: () => taken };
  }

  it.each([
    ['a cell without end', 'csv', 'a,b\n1,', 'x', 'line 2'],
    ['a cell in quotes without end', 'csv', 'a,b\n1,"', '\n', 'line 2'],
    ['a header without end', 'csv', 'a', ',b', 'line 1'],
    ['NULs', 'csv', 'a,b\n1,2\n', '\0', 'line 3'],
    ['a line without end', 'jsonl', '1\n', '[', 'line 2'],
    ['nesting without end', 'json', '[1,', '[', 'element 1'],
    ['a text without end', 'json', '{"a":"', 'x', 'element 0'],
  ] as const)('stops reading after a megabyte of %s', async (_, format, start, more, position) => {
    const { source, taken } = endless(start, more);
    const read = async (): Promise<void> => {
      for await (const batch of readRecords(source, format)) expect(batch.length).toBeLessThan(257);
    };
    await expect(read()).rejects.toThrow(`${position} is larger than 1 MB`);
    expect(taken()).toBeLessThan(1.2 * MEGABYTE);
  });

  it('passes records on as soon as they are parsed where batches may be small', async () => {
    const file = Buffer.from(`a\n${`${'x'.repeat(200)}\n`.repeat(100)}`);
    const sizesOf = async (options: ReadOptions): Promise<number[]> => {
      const sizes: number[] = [];
      for await (const batch of readRecords(inChunks(file), 'csv', options)) sizes.push(batch.length);
      return sizes;
    };
    expect(await sizesOf({})).toEqual([100]);
    expect(await sizesOf({ batchRecords: 1 })).toEqual([40, 41, 19]);
  });

  it('does not read ahead of its consumer', async () => {
    const { source, taken } = endless('a,b\n', '1,"2"\n');
    let rows = 0;
    for await (const batch of readRecords(source, 'csv')) {
      rows += batch.length;
      expect(taken() - rows * 6).toBeLessThan(2 * 65_536 + 256 * 6);
      if (taken() > 2 * MEGABYTE) break;
    }
    expect(rows).toBeGreaterThan(300_000);
  });

  it('rejects 100,000 columns', async () => {
    const columns = Array.from({ length: 100_000 }, (_, index) => `c${index}`).join(',');
    expect(await findError(`${columns}\n`, 'csv')).toEqual([
      ['body', 'file', 1],
      'the header has 100000 columns; there may be 10000',
    ]);
    const { records } = await readAll(`a\n${columns}\n`, 'csv');
    expect(records[0]?.error?.message).toBe('line 2 has 100000 cells, and the header has 1');
  });
});

describe('detectFormat', () => {
  it.each([
    ['text/csv', undefined, 'csv'],
    ['Text/CSV; charset=utf-8', 'x.json', 'csv'],
    ['application/vnd.ms-excel', 'Sales.CSV', 'csv'],
    ['application/octet-stream', 'a.b.ndjson', 'jsonl'],
    ['application/x-ndjson', undefined, 'jsonl'],
    ['application/json', undefined, 'json'],
    [undefined, 'rows.jsonl', 'jsonl'],
    ['constructor', 'toString', undefined],
    ['text/plain', 'csv.txt', undefined],
    [undefined, undefined, undefined],
  ])('detects the format of media type %s and name %s as %s', (mediaType, name, format) => {
    expect(detectFormat(mediaType, name)).toBe(format);
  });
});
