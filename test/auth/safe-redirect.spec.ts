import { safeRedirectPath } from '../../src/auth/pages/safe-redirect.js';

describe('safeRedirectPath', () => {
  it.each([
    '/',
    '/models/iris',
    '/models/iris?version=1&x=%2F%2F#form',
    '/account?done=password',
    '/a/../b',
    '/@cafe.example',
  ])('accepts the local path %s', (path) => {
    expect(safeRedirectPath(path)).toBe(path);
  });

  it.each([
    '//elsewhere.example',
    '///elsewhere.example',
    '/\\elsewhere.example',
    '\\\\elsewhere.example',
    '/\t/elsewhere.example',
    '/\n/elsewhere.example',
    '\t//elsewhere.example',
    ' //elsewhere.example',
    '/./\\elsewhere.example',
    '/models\\..\\\\elsewhere.example',
    '/.//elsewhere.example',
    '/a/..//elsewhere.example',
    '/%2e//elsewhere.example',
    'https://elsewhere.example/',
    'https:elsewhere.example',
    'javascript:alert(1)',
    'data:text/html,hello',
    'elsewhere.example',
    '@elsewhere.example',
    '',
    '/caf\u00e9',
    '/\u2028/elsewhere.example',
    '/x\r\nSet-Cookie: a=b',
    '/x\0',
    `/${'x'.repeat(2_000)}`,
    '/login',
    '/login?next=/login',
    '/signup',
    '/./logout',
  ])('rejects other origins, malformed paths and login pages: %j', (path) => {
    expect(safeRedirectPath(path)).toBeUndefined();
  });

  it('rejects values that are not a single string', () => {
    for (const given of [undefined, ['/', '/'], { path: '/' }]) expect(safeRedirectPath(given)).toBeUndefined();
  });

  it('accepts only paths that a URL parser resolves to our own origin', () => {
    const parts = ['/', '\\', '.', '..', '%2f', '%5c', '%2e', '@', ':', '?', '#', 'a', 'elsewhere.example'];
    const accepted: string[] = [];
    for (const one of parts) {
      for (const two of parts) {
        for (const three of parts) {
          for (const four of parts) accepted.push(...[safeRedirectPath(`/${one}${two}${three}${four}`) ?? []].flat());
        }
      }
    }
    expect(accepted.length).toBeGreaterThan(1_000);
    for (const path of accepted) {
      const { origin, pathname } = new URL(path, 'https://cafe.example/login');
      expect({ path, origin }).toEqual({ path, origin: 'https://cafe.example' });
      expect({ path, begins: pathname.slice(0, 2) }).not.toEqual({ path, begins: '//' });
    }
  });
});
