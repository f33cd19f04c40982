import fc from 'fast-check';
import { InvalidInputError, MalformedRequestError, parseExactJson } from '../../../src/platform/http/index.js';
import { parseDataFrame, type ReadOptions } from '../../../src/platform/records/index.js';
import { readAll } from '../../support/records.js';

const CHUNKS = fc.array(fc.nat(), { maxLength: 20 });
const OPTIONS: ReadOptions = { from: 'body', rows: { members: ['dataframe_split'] } };
const COLUMNS = { names: ['a', 'b'], required: ['a'] };

async function rowsOf(text: string, options: ReadOptions = {}): Promise<unknown[]> {
  const { records } = await readAll(text, 'json', { ...OPTIONS, ...options });
  return records.map(({ location, value, error }) => [location.join('.'), error?.message ?? value]);
}

async function errorOf(text: string, options: ReadOptions = {}): Promise<unknown> {
  try {
    return await rowsOf(text, options);
  } catch (error) {
    if (error instanceof MalformedRequestError) return 'malformed';
    if (!(error instanceof InvalidInputError)) throw error;
    return error.errors.map(({ location, message }) => [location.join('.'), message]);
  }
}

const split = (table: object | string): string => {
  return `{"dataframe_split":${typeof table === 'string' ? table : JSON.stringify(table)}}`;
};

describe('readRecords of a table in JSON', () => {
  it('reads a row for each list of values, in the order of pandas or with the index first', async () => {
    const rows = [
      ['body.dataframe_split.data.0', { a: 1, b: 'x' }],
      ['body.dataframe_split.data.1', { a: null, b: ']}' }],
    ];
    const data = '[[1,"x"],[null,"]}"]]';
    expect(await rowsOf(split(`{"columns":["a","b"],"index":[0,1],"data":${data}}`))).toEqual(rows);
    expect(await rowsOf(split(` { "index" : ["p","q"] , "columns" : ["a","b"] , "data" : ${data} } \n`))).toEqual(rows);
    expect(await rowsOf(split(`{"columns":["a","b"],"data":${data},"index":null}`))).toEqual(rows);
    expect(await rowsOf(split(`{"columns":["a","b"],"data":${data}}`), { from: 'file' })).toEqual([
      ['body.file.0', rows[0]![1]],
      ['body.file.1', rows[1]![1]],
    ]);
  });

  it('keeps 64-bit integers exact, and takes the names of numbered columns as texts', async () => {
    const { records } = await readAll(
      split('{"columns":[0,"__proto__"],"data":[[18446744073709551615,1]]}'),
      'json',
      OPTIONS,
    );
    expect(Object.entries(records[0]!.value as object)).toEqual([
      ['0', 18446744073709551615n],
      ['__proto__', 1],
    ]);
  });

  it('is a row where the member is not among those that hold rows', async () => {
    const text = split({ columns: ['a'], data: [[1]] });
    const { records } = await readAll(text, 'json', { rows: { members: ['instances'] } });
    expect(records).toMatchObject([{ location: ['body', 'file'], value: { dataframe_split: { columns: ['a'] } } }]);
  });

  it('gives a row with another number of values an error of its own', async () => {
    const message = 'must be a list of 2 values: a, b';
    expect(await rowsOf(split({ columns: ['a', 'b'], data: [[1], [1, 2, 3], { a: 1, b: 2 }, 5, [1, 2]] }))).toEqual([
      ['body.dataframe_split.data.0', `dataframe_split.data.0 ${message}`],
      ['body.dataframe_split.data.1', `dataframe_split.data.1 ${message}`],
      ['body.dataframe_split.data.2', `dataframe_split.data.2 ${message}`],
      ['body.dataframe_split.data.3', `dataframe_split.data.3 ${message}`],
      ['body.dataframe_split.data.4', { a: 1, b: 2 }],
    ]);
  });

  const at = (place: string, message: string): unknown => [
    [`body.dataframe_split${place}`, `dataframe_split${place} ${message}`],
  ];

  it.each([
    ['{}', at('.columns', 'must be an array with the name of each column')],
    ['{"columns":[],"data":[[]]}', at('.columns', 'must be an array with the name of each column')],
    ['{"columns":{"a":0},"data":[[1]]}', at('.columns', 'must be an array with the name of each column')],
    ['{"columns":["a",["b","c"]],"data":[[1,2]]}', at('.columns.1', 'must be the name of a column')],
    ['{"columns":["a","b","a"],"data":[[1,2,3]]}', at('.columns.2', 'is the second column with the name a')],
    ['{"columns":["a"]}', at('.data', 'must be an array of rows')],
    ['{"columns":["a"],"data":{"a":[1]}}', at('.data', 'must be an array of rows')],
    ['{"columns":["a"],"data":[]}', at('.data', 'must hold at least one row')],
    ['{"data":[[1]],"columns":["a"]}', at('.data', 'must come after the columns')],
    ['{"columns":["a"],"columns":["a"],"data":[[1]]}', at('.columns', 'must be given once')],
    ['{"columns":["a"],"dtypes":{},"data":[[1]]}', at('.dtypes', 'is not a known field; known: columns, index, data')],
    [
      '{"columns":["a"],"index":[],"data":[[1]]}',
      at('.index', 'must be an array with an entry for each of the 1 rows, or be left out'),
    ],
    [
      '{"columns":["a"],"index":[0],"data":[[1],[2]]}',
      at('.index', 'must be an array with an entry for each of the 2 rows, or be left out'),
    ],
  ])('rejects %s', async (table, errors) => {
    expect(await errorOf(split(table))).toEqual(errors);
  });

  it('rejects unknown and missing columns once, not in each row', async () => {
    expect(await errorOf(split({ columns: ['b', 'c'], data: [[1, 2]] }), { columns: COLUMNS })).toEqual([
      ['body.dataframe_split.columns.a', 'a is required as a column'],
      ['body.dataframe_split.columns.c', 'c is not a known column; known: a, b'],
    ]);
    expect(await rowsOf(split({ columns: ['a'], data: [[1]] }), { columns: COLUMNS })).toHaveLength(1);
  });

  it.each([
    '{"dataframe_split":{',
    '{"dataframe_split":{"columns":',
    '{"dataframe_split":{"columns":["a"',
    '{"dataframe_split":{"columns":["a"],"data":[[1]',
    '{"dataframe_split":{"columns":["a"],"data":[[1]]',
    '{"dataframe_split":{"columns":["a"],"data":[[1]]}',
    '{"dataframe_split":{"columns":["a"],"data":[[1]]}}}',
    '{"dataframe_split":{"columns":["a"],"data":[[1]]},"params":{}}',
    '{"dataframe_split":{"columns":["a"],"data":[[1],]}}',
    '{"dataframe_split":{"columns":["a"],"data":[[1}]}}',
    '{"dataframe_split":{"columns":["a"],"data":[[1]],}}',
    '{"dataframe_split":{"columns":["a"] "data":[[1]]}}',
    '{"dataframe_split":{columns:["a"],"data":[[1]]}}',
    '{"dataframe_split":{"columns":["a"],"index":[,],"data":[[1]]}}',
  ])('rejects the body %s as malformed', async (text) => {
    expect(await errorOf(text)).toBe('malformed');
  });

  it('rejects a row, and names of columns, of more than 1 MB', async () => {
    const long = 'x'.repeat(2 ** 20);
    expect(await errorOf(split({ columns: [long], data: [[1]] }))).toMatchObject([
      [expect.any(String), /larger than 1 MB/],
    ]);
    expect(await errorOf(split({ columns: ['a'], data: [[1], [long]] }))).toEqual([
      ['body.dataframe_split.data.1', 'element 1 is larger than 1 MB'],
    ]);
  });

  it('reads what parseDataFrame reads of the parsed JSON, whatever the chunks', async () => {
    const names = fc.uniqueArray(
      fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const tables = names.chain((columns) => {
      const row = fc.array(fc.jsonValue(), { minLength: columns.length, maxLength: columns.length });
      return fc.record({ columns: fc.constant(columns), data: fc.array(row, { minLength: 1 }) });
    });
    await fc.assert(
      fc.asyncProperty(
        tables,
        fc.constantFrom(undefined, 1, '\t'),
        fc.boolean(),
        CHUNKS,
        async (table, indent, hasIndex, ends) => {
          const { columns, data } = table;
          const text = JSON.stringify(
            { dataframe_split: { columns, ...(hasIndex ? { index: data.map((_, row) => row) } : {}), data } },
            undefined,
            indent,
          );
          const parsed = parseExactJson(text) as { dataframe_split: unknown };
          const frame = parseDataFrame(parsed.dataframe_split, ['body', 'dataframe_split']);
          const expected = (frame.data as unknown[][]).map((values) =>
            Object.fromEntries(values.map((value, column) => [frame.columns[column], value])),
          );
          const { records } = await readAll(text, 'json', { ...OPTIONS, ends });
          expect(records.map(({ value }) => value)).toEqual(expected);
        },
      ),
    );
  });
});

describe('parseDataFrame', () => {
  const errorsOf = (value: unknown): unknown => {
    try {
      return parseDataFrame(value, ['body', 'dataframe_split']);
    } catch (error) {
      return (error as InvalidInputError).errors.map(({ location }) => location.join('.'));
    }
  };

  it('takes the members in any order', () => {
    expect(errorsOf({ data: [[1]], index: [7], columns: ['a'] })).toEqual({ columns: ['a'], data: [[1]] });
    expect(errorsOf({ data: [[1]], index: null, columns: [3] })).toEqual({ columns: ['3'], data: [[1]] });
  });

  it.each([
    [null, 'body.dataframe_split'],
    [[], 'body.dataframe_split'],
    ['{}', 'body.dataframe_split'],
    [{ columns: ['a'] }, 'body.dataframe_split.data'],
    [{ data: [[1]] }, 'body.dataframe_split.columns'],
    [{ columns: ['a', 'a'], data: [[1, 2]] }, 'body.dataframe_split.columns.1'],
    [{ columns: ['a'], index: 5, data: [[1]] }, 'body.dataframe_split.index'],
    [{ columns: ['a'], index: [], data: [[1]] }, 'body.dataframe_split.index'],
    [{ columns: ['a'], schema: {}, data: [[1]] }, 'body.dataframe_split.schema'],
  ])('rejects %j', (value, location) => {
    expect(errorsOf(value)).toEqual([location]);
  });
});
