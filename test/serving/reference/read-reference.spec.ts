import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatReference, parseReference, readReference } from '../../../src/serving/reference/read-reference.js';

const ROW = { input: { a: 1 }, output: { value: 2 } };

describe('readReference', () => {
  let folder: string;
  const read = async (content: string | Uint8Array) => {
    const file = join(folder, 'reference.json');
    await writeFile(file, content);
    return readReference(file);
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barista-reference-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('reads rows and the tolerance, which is 1e-4 unless given', async () => {
    expect(await read(JSON.stringify({ rows: [ROW], tolerance: 0.5 }))).toEqual({ rows: [ROW], tolerance: 0.5 });
    expect(await read(JSON.stringify({ rows: [ROW] }))).toEqual({ rows: [ROW], tolerance: 1e-4 });
    expect(await read(JSON.stringify([ROW]))).toEqual({ rows: [ROW], tolerance: 1e-4 });
  });

  it('takes a byte order mark, and integers of 64 bits', async () => {
    const text = '\ufeff{"rows":[{"input":{"id":9007199254740993},"output":{"value":1}}]}';
    expect((await read(text)).rows[0]?.input).toEqual({ id: 9_007_199_254_740_993n });
  });

  it.each<[string, unknown, string]>([
    ['no object', 7, 'reference.json: expected {"rows":[{"input":{…},"output":{…}}, …]}'],
    ['an unknown key', { rows: [ROW], tolerances: 1 }, 'it has an unknown key "tolerances"; known: rows, tolerance'],
    ['no rows', { rows: [] }, '"rows" must be a list of at least one'],
    ['rows that are no list', { rows: ROW }, '"rows" must be a list of at least one'],
    ['a negative tolerance', { rows: [ROW], tolerance: -1 }, '"tolerance" must be a number of at least 0'],
    ['a row that is no object', { rows: [ROW, [1]] }, 'reference row 2 must be {"input":{…},"output":{…}}'],
    [
      'an unknown key of a row',
      [ROW, { ...ROW, label: 1 }],
      'reference row 2 has an unknown key "label"; known: input, output',
    ],
    ['a row without an input', [{ output: { value: 1 } }], 'reference row 1: "input" must be an object'],
    ['an output that is none', [ROW, ROW, { ...ROW, output: 2 }], 'reference row 3: "output" must be an object'],
    ['an output of nothing', [{ ...ROW, output: {} }], 'reference row 1: "output" must be an object'],
  ])('refuses %s', async (_, content, message) => {
    await expect(read(JSON.stringify(content))).rejects.toThrow(message);
  });

  it('refuses what is no JSON, and says how a missing value is written', async () => {
    await expect(read('{"rows":')).rejects.toThrow('reference.json: it is not well-formed JSON');
    const nan = '{"rows":[{"input":{"age": NaN},"output":{"value":1}}]}';
    await expect(read(nan)).rejects.toThrow('write null for a missing value, not NaN');
  });

  it('refuses a file that takes long to parse', async () => {
    await expect(read(Buffer.alloc(8 * 2 ** 20 + 1, ' '))).rejects.toThrow('at most 8 MB: keep fewer rows');
    const rows = [{ input: { text: 'x'.repeat(8 * 2 ** 20) }, output: { value: 1 } }];
    expect(() => formatReference({ rows, tolerance: 1 })).toThrow('at most 8 MB');
  });

  it('writes what it reads, a row on each line', async () => {
    const reference = parseReference([{ input: { id: 2n ** 60n, age: NaN }, output: { label: 'a' } }, ROW]);
    const text = formatReference(reference);
    expect(text.split('\n')).toHaveLength(5);
    const [first, second] = (await read(text)).rows;
    expect(first).toEqual({ input: { id: 2n ** 60n, age: null }, output: { label: 'a' } });
    expect(second).toEqual(ROW);
  });
});
