import fc from 'fast-check';
import { parseExactJson } from '../../../src/platform/http/index.js';
import { CsvWriter } from '../../../src/platform/records/index.js';
import { readAll } from '../../support/records.js';

/** Text with the special characters of CSV. */
const CELL = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '1', ',', '"', '\n', '\r', ' ', ';', '\t', '\0', 'é', '한', '😀', '=', '-') }),
  fc.string({ unit: 'binary' }),
  fc.double().map(String),
);
const CHUNKS = fc.array(fc.nat(), { maxLength: 20 });
const COLUMNS = ['one', 'two', 'three'];

describe('CsvReader', () => {
  it('reads the output of CsvWriter with the line number of each row, whatever the chunks', async () => {
    const row = fc.tuple(CELL, CELL, CELL).map((cells) => cells.map(withoutFormula));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), CHUNKS, async (rows, ends) => {
        const writer = new CsvWriter(COLUMNS);
        const { columns, records } = await readAll(writer.header() + writer.rows(rows), 'csv', { ends });
        expect(columns).toEqual(COLUMNS);
        let line = 2;
        const expected = rows.map((cells) => {
          const position = line;
          line += cells.join('').split('\n').length;
          const given = cells.map((cell, index) => [COLUMNS[index], cell]).filter(([, cell]) => cell !== '');
          return { position, location: ['body', 'file', position], value: Object.fromEntries(given) };
        });
        expect(records).toEqual(expected);
      }),
    );
  });

  it('gives the same result or error for any input, whatever the chunks', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', '\n', '\r', ';', '\ufeff', '한', '__proto__') });
    const result = (file: string, ends?: readonly number[]): Promise<unknown> =>
      readAll(file, 'csv', { ends }).catch((error: Error) => error);
    await fc.assert(
      fc.asyncProperty(text, CHUNKS, async (body, ends) => {
        const file = `a,b\n${body}`;
        expect(await result(file, ends)).toEqual(await result(file));
      }),
      { numRuns: 500 },
    );
  });
});

/** Avoids text that CsvWriter escapes as a formula: it would not be read back unchanged. */
function withoutFormula(text: string): string {
  return /^[=+\-@\t\r＝＋－＠]/.test(text) ? `x${text}` : text;
}

describe('JsonReader and JsonLinesReader', () => {
  const values = fc.array(fc.jsonValue(), { minLength: 1 });
  const space = fc.constantFrom(undefined, 1, '\t');

  it('read an array like the parser of request bodies, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(values, space, CHUNKS, fc.boolean(), async (rows, indent, ends, isWrapped) => {
        const text = JSON.stringify(isWrapped ? { instances: rows } : rows, undefined, indent);
        const { records } = await readAll(text, 'json', { ends });
        expect(records.map(({ value }) => value)).toEqual(parseExactJson(JSON.stringify(rows)));
        expect(records.map(({ position }) => position)).toEqual(rows.map((_, index) => index));
      }),
    );
  });

  it('accept exactly the arrays that JSON.parse accepts', async () => {
    const pieces = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      '\\',
      ':',
      '1',
      '"a"',
      ' ',
      '"a":1',
      '[1]',
      'null',
      'x',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 8 }), CHUNKS, async (parts, ends) => {
        const text = `[1${parts.join('')}`;
        const expected = parsed(text);
        const read = await readAll(text, 'json', { ends }).then(
          ({ records }) => records.map(({ value }) => value),
          () => undefined,
        );
        expect(read).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('read lines like the parser of request bodies, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(values, CHUNKS, fc.constantFrom('\n', '\r\n'), async (rows, ends, lineEnd) => {
        const text = rows.map((row) => JSON.stringify(row)).join(lineEnd);
        const { records } = await readAll(text, 'jsonl', { ends });
        expect(records.map(({ value }) => value)).toEqual(parseExactJson(JSON.stringify(rows)));
      }),
    );
  });
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe('CsvWriter', () => {
  const rows = (...cells: unknown[]): string => new CsvWriter([]).rows([cells]);

  it('escapes formulas, and leaves numbers unchanged', () => {
    expect(rows('=1+1', '+x', '-x', '@SUM(A1)', '\tx', '＝1')).toBe("'=1+1,'+x,'-x,'@SUM(A1),'\tx,'＝1\n");
    expect(rows('\r=1')).toBe('"\'\r=1"\n');
    expect(rows(-1.5, '-1.5', '+2e-7', '-', 'a=b', -1n)).toBe("-1.5,-1.5,+2e-7,'-,a=b,-1\n");
    expect(new CsvWriter(['=a', 'b']).header()).toBe("'=a,b\n");
  });

  it('writes objects and arrays as JSON, and null and undefined as empty cells', () => {
    expect(rows(true, null, undefined, [1, 2n], { a: '"' })).toBe('true,,,"[1,2]","{""a"":""\\""""}"\n');
    expect(rows()).toBe('\n');
  });
});
