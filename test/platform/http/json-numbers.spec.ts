import fc from 'fast-check';
import { MalformedRequestError } from '../../../src/platform/http/errors/domain-error.js';
import { parseJsonExactly } from '../../../src/platform/http/body/json.js';

/** Makes a body mostly of numbers, as tensors are. */
const FILL = Array.from({ length: 400 }, (_, index) => index / 8);

const read = (text: string): unknown => parseJsonExactly(Buffer.from(text));
/** Puts a text into a body that consists mostly of numbers. */
const among = (text: string): string => `[${FILL.join()},${text},${FILL.join(' , ')}]`;

/** Numbers as people and programs write them. */
const numerals = fc
  .record({
    sign: fc.constantFrom('', '-'),
    whole: fc.oneof(fc.constant('0'), fc.integer({ min: 1, max: 2 ** 40 }).map(String)),
    fraction: fc.oneof(fc.constant(''), fc.stringMatching(/^\.[0-9]{1,24}$/)),
    exponent: fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][-+]?[0-9]{1,3}$/)),
  })
  .map(({ sign, whole, fraction, exponent }) => sign + whole + fraction + exponent);

describe('parseJsonExactly on bodies of numbers', () => {
  it('returns the result of JSON.parse', () => {
    const values = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, numerals, tie('list'), tie('object')),
      list: fc.array(tie('value')).map((items) => `[ ${items.join(' , ')}\n]`),
      object: fc
        .array(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('x', '1', 'y')), tie('value')))
        .map((fields) => `{${fields.map(([name, value]) => `${JSON.stringify(name)}:\t${String(value)}`).join()} }`),
    }));
    fc.assert(
      fc.property(values.value, (value) => {
        const text = among(value as string);
        fc.pre(!/(?:^|[[,:\s])-?\d{16}/.test(text));
        expect(read(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('rounds numbers exactly as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.array(numerals, { minLength: 20, maxLength: 20 }), (texts) => {
        for (const text of texts) {
          const [expected, found = expected] = [JSON.parse(text), (read(among(text)) as number[])[FILL.length]];
          expect(Object.is(found, expected)).toBe(true);
        }
      }),
    );
  });

  it.each([
    ['a list in an object', `{"x":[${FILL.join()}]}`],
    ['lists in a list, indented', JSON.stringify([FILL, FILL], null, 2)],
    [
      'a request with names',
      JSON.stringify({ inputs: [{ name: 'x', shape: [1, 400], datatype: 'FP32', data: FILL }] }),
    ],
    ['signs and exponents', among('-0,0,-1.5,1e3,2E-3,1.25e+2,9007199254740991,0.000123,-0.5e-9')],
    ['empty lists and objects', among('[],{},[ ],{ }')],
    ['duplicate names', `{"x":1,"x":[${FILL.join()}],"1":[],"a":0}`],
  ])('parses %s', (_, text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['a short text', '[1,2,3]'],
    ['a text that is not mostly numbers', JSON.stringify(FILL.map((price) => ({ name: 'Americano', price })))],
    ['escapes', `{"\\u0078":[${FILL.join()}]}`],
    ['text that is not ASCII', `{"가격":[${FILL.join()}]}`],
    ['the name __proto__', `{"__proto__":[${FILL.join()}]}`],
    ['more digits than a double can represent', among('0.12345678901234567')],
    ['powers of ten that are not exact', among('1e23')],
    ['a very long exponent', among(`1e${'9'.repeat(400)}`)],
    ['literals', among('true,null')],
    ['deeply nested lists', among('['.repeat(1_000) + ']'.repeat(1_000))],
  ])('parses %s as JSON.parse does', (_, text) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(JSON.stringify(read(text))).toBe(JSON.stringify(JSON.parse(text)));
  });

  it.each([
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    '1e+',
    '--1',
    '1 2',
    '1,,2',
    '[1',
    '[1,]',
    '[,1]',
    ']',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '"a',
    '"a\nb"',
    '0x10',
    'NaN',
    '1\u00a0',
  ])('rejects the malformed value %j', (text) => {
    expect(() => JSON.parse(among(text))).toThrow();
    expect(() => read(among(text))).toThrow(MalformedRequestError);
  });

  it('rejects a truncated text and characters after the end', () => {
    const text = among('1');
    for (const rest of [',', ']', '1', 'x', '\0']) expect(() => read(text + rest)).toThrow(MalformedRequestError);
    expect(read(`${text} \r\n\t`)).toEqual(JSON.parse(text));
    for (let end = text.length - 600; end < text.length; end += 1) {
      expect(() => read(text.slice(0, end))).toThrow(MalformedRequestError);
    }
  });
});
