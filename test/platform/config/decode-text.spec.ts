import { decodeText } from '../../../src/platform/config/index.js';

describe('decodeText', () => {
  it.each([
    ['UTF-8', Buffer.from('é\r\n')],
    ['UTF-8 with a byte order mark', Buffer.from('\ufeffé\r\n')],
    ['UTF-16', Buffer.from('\ufeffé\r\n', 'utf16le')],
    ['big-endian UTF-16', Buffer.from('\ufeffé\r\n', 'utf16le').swap16()],
  ])('decodes %s', (_, bytes) => {
    expect(decodeText(bytes, { strict: true })).toBe('é\r\n');
  });

  it('decodes an empty file, and keeps a byte order mark that is not at the beginning', () => {
    expect([decodeText(Buffer.alloc(0)), decodeText(Buffer.from('a\ufeff'))]).toEqual(['', 'a\ufeff']);
  });

  it('replaces what is no UTF-8, or throws an error where it is strict', () => {
    const bytes = Buffer.from([0x41, 0xbe, 0xc6]);
    expect(decodeText(bytes)).toMatch(/^A\ufffd+$/);
    expect(() => decodeText(bytes, { strict: true })).toThrow(TypeError);
  });
});
