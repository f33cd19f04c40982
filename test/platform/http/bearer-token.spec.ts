import { bearerTokenOf } from '../../../src/platform/http/index.js';

describe('bearerTokenOf', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer  abc', 'abc'],
    ['BEARER \t abc', 'abc'],
    ['Bearer a c', 'a c'],
    ['Bearer', ''],
    ['Bearerabc', undefined],
    ['Basic abc', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('finds the token in %j', (header, token) => {
    expect(bearerTokenOf(header)).toBe(token);
  });
});
