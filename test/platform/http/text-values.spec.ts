import fc from 'fast-check';
import { booleanOf, numberOf, wholeNumberOf } from '../../../src/platform/http/index.js';

describe('booleanOf', () => {
  it.each(['true', 'True', 'TRUE', '1', '1.0', ' True ', '+1'])('reads %j as true', (text) => {
    expect(booleanOf(text)).toBe(true);
  });

  it.each(['false', 'False', 'FALSE', '0', '0.0', 'false\t', '-0'])('reads %j as false', (text) => {
    expect(booleanOf(text)).toBe(false);
  });

  it.each(['', ' ', '2', '-1', '0.1', '1e0', '10', 'yes', 'no', 't', 'truefalse', 'true false', 'null'])(
    'does not guess what %j means',
    (text) => {
      expect(booleanOf(text)).toBeUndefined();
    },
  );
});

describe('wholeNumberOf', () => {
  it.each([
    ['4500', 4500],
    ['4500.0', 4500],
    ['4500.', 4500],
    ['4.5E+03', 4500],
    ['4.5e3', 4500],
    ['45000e-1', 4500],
    ['+4500', 4500],
    [' 4500 ', 4500],
    ['-4500.00', -4500],
    ['007', 7],
    ['0.0', 0],
    ['0e99999', 0],
    ['.0e5', 0],
    ['9007199254740991.0', 9007199254740991],
    ['9007199254740993.0', 9007199254740993n],
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808.0', -9223372036854775808n],
    ['1.8446744073709551615e19', 18446744073709551615n],
    ['1e18', 10n ** 18n],
  ])('reads %j exactly', (text, expected) => {
    expect(wholeNumberOf(text)).toBe(expected);
  });

  it.each(['-0', '-0.0'])('reads %j as zero without a sign', (text) => {
    expect(Object.is(wholeNumberOf(text), 0)).toBe(true);
  });

  it.each([
    '',
    '4500.5',
    '4.5',
    '1e-3',
    '9007199254740993.5',
    '1e20001',
    '1e99999999999999999999',
    '1,000',
    '1 000',
    '0x10',
    'NaN',
    '4500.0.0',
  ])('does not round %j', (text) => {
    expect(wholeNumberOf(text)).toBeUndefined();
  });

  it('takes little time for a long text', () => {
    expect(wholeNumberOf('0'.repeat(60_000) + 'x')).toBeUndefined();
    expect(wholeNumberOf('1' + '0'.repeat(390))).toBeUndefined();
  });
});

describe('numberOf', () => {
  it.each([
    ['5.9', 5.9],
    [' 5.9\t', 5.9],
    ['+.5', 0.5],
    ['1E+03', 1000],
  ])('reads %j', (text, expected) => {
    expect(numberOf(text)).toBe(expected);
  });

  it.each(['', ' ', '5,9', '5.9 cm', 'Infinity', '0x10', '1_000'])('does not read %j', (text) => {
    expect(numberOf(text)).toBeUndefined();
  });
});

describe('numberOf of few digits', () => {
  it('reads a text of digits exactly as Number does', () => {
    const digits = fc.tuple(
      fc.constantFrom('', '-'),
      fc.stringMatching(/^\d{0,12}$/),
      fc.stringMatching(/^(\.\d{0,12})?$/),
    );
    fc.assert(
      fc.property(digits, ([sign, whole, fraction]) => {
        const text = sign + whole + fraction;
        fc.pre(/\d/.test(text));
        expect(numberOf(text)).toBe(Number(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['.', '-', '-.', '--1', '1.2.3', '1-', '1:', '1/2', '', '0x1F', '1_0'])('reads %j as no number', (text) => {
    expect(numberOf(text)).toBeUndefined();
  });
});
