import fc from 'fast-check';
import { parseExactJson, stringifyExactJson } from '../../../src/platform/http/index.js';

const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** JSON values without integers that `JSON.parse` would round. */
const values = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value, withoutLong)));
const longIntegers = fc.bigInt({ min: -MAX_INT64 - 1n, max: MAX_UINT64 });

describe('exact JSON', () => {
  it('parses and writes every 64-bit integer without rounding', () => {
    fc.assert(
      fc.property(longIntegers, (integer) => {
        const parsed = parseExactJson(`{"a":[${integer}]}`) as { a: [number | bigint] };
        expect(BigInt(parsed.a[0])).toBe(integer);
        expect(stringifyExactJson(parsed)).toBe(`{"a":[${integer}]}`);
      }),
    );
  });

  it.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['-9007199254740993', -9007199254740993n],
    ['[1.2345678901234567]', [1.2345678901234567]],
    ['[1234567890123456789.5]', [Number('1234567890123456789.5')]],
    ['[1234567890123456789e1]', [Number('1234567890123456789e1')]],
    [' [ 1 ,\n18446744073709551615 ] ', [1, MAX_UINT64]],
    ['{"12345678901234567890":"12345678901234567890"}', { '12345678901234567890': '12345678901234567890' }],
  ])('parses %s', (text, value) => {
    expect(parseExactJson(text)).toEqual(value);
  });

  it('parses all other values as JSON.parse does, next to a long integer too', () => {
    fc.assert(
      fc.property(values, fc.boolean(), (value, isIndented) => {
        const text = JSON.stringify(value, null, isIndented ? 2 : 0);
        expect(parseExactJson(text)).toEqual(JSON.parse(text));
        expect(parseExactJson(`[${text}, 12345678901234567890]`)).toEqual([JSON.parse(text), 12345678901234567890n]);
      }),
    );
  });

  it('returns the last of two equal names, and sets no prototype', () => {
    const value = parseExactJson('{"a":1,"a":2,"__proto__":{"b":12345678901234567890}}') as Record<string, unknown>;
    expect(value.a).toBe(2);
    expect(value.b).toBeUndefined();
    expect(Object.keys(value)).toEqual(['a', '__proto__']);
  });

  it.each(['', '{', '[1,]', '01234567890123456789', '[12345678901234567890', '[12345678901234567890]]', "{'a':1}"])(
    'rejects the malformed text %j',
    (text) => {
      expect(() => parseExactJson(text)).toThrow('The body is not well-formed JSON.');
    },
  );

  it('parses long runs of digits and brackets in linear time', () => {
    const started = performance.now();
    expect(parseExactJson(`[${'9'.repeat(4_000_000)}]`)).toEqual([Infinity]);
    expect(() => parseExactJson(`[12345678901234567890,${'['.repeat(4_000_000)}`)).toThrow('not well-formed');
    expect(() => parseExactJson(`[12345678901234567890,${'['.repeat(5_000_000)}`)).toThrow('not well-formed');
    expect(() => parseExactJson(`[${'9'.repeat(5_000_000)}`)).toThrow('not well-formed');
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('rejects a text of more than 4 MB only if it contains a long integer', () => {
    const long = 'a'.repeat(2 ** 22);
    expect(() => parseExactJson(`{"a":["${long}",12345678901234567890]}`)).toThrow('at most 4 MB');
    const text = `["${long}, 12345678901234567890", 9007199254740991]`;
    expect(parseExactJson(text)).toEqual(JSON.parse(text));
  });

  it('writes all other values as JSON.stringify does', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = stringifyExactJson([value, 12345678901234567890n]);
        expect(text).toBe(`[${JSON.stringify(value)},12345678901234567890]`);
      }),
    );
  });

  it('rethrows errors of JSON.stringify that do not concern a bigint', () => {
    const round: Record<string, unknown> = {};
    round.self = round;
    expect(() => stringifyExactJson(round)).toThrow('circular');
    const failing = {
      toJSON: () => {
        throw new Error('of its own');
      },
    };
    expect(() => stringifyExactJson([1n, failing])).toThrow();
    expect(() => stringifyExactJson([failing, 1n])).toThrow('of its own');
  });
});

function withoutLong(_: string, value: unknown): unknown {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : value;
}
