import { collect, UnsupportedMediaTypeError } from '../../../src/platform/http/index.js';
import { toUtf8 } from '../../../src/platform/records/index.js';
import { findError, inChunks, readAll } from '../../support/records.js';

const FILE = ['body', 'file'];
/** `이름,값\n아메리카노,똠\n` in CP949, whose 똠 is not in EUC-KR proper. */
const CP949 = Buffer.from('c0ccb8a72cb0aa0abec6b8deb8aec4abb3eb2c8c630a', 'hex');
const KOREAN = [{ 이름: '아메리카노', 값: '똠' }];

const swap = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();

/** The rows of a file, read in pieces that end at every byte. */
async function rowsOf(bytes: Buffer, charset?: string): Promise<unknown> {
  const ends = Array.from({ length: bytes.length }, (_, index) => index);
  const { records } = await readAll(bytes, 'csv', { charset, ends });
  return records.map(({ value }) => value);
}

describe('The encoding of a file', () => {
  it.each(['cp949', 'CP949', 'euc-kr', 'ks_c_5601-1987', 'ms949', 'windows-949', 'uhc', 'euc_kr'])(
    'may be Korean: %s',
    async (charset) => {
      expect(await rowsOf(CP949, charset)).toEqual(KOREAN);
    },
  );

  it.each([
    ['UTF-8 with a byte order mark', Buffer.from('\ufeff이름,값\n아메리카노,똠\n'), undefined],
    ['UTF-8 by another name', Buffer.from('이름,값\n아메리카노,똠\n'), 'utf8'],
    ['UTF-8 that calls itself ASCII', Buffer.from('이름,값\n아메리카노,똠\n'), 'us-ascii'],
    ['UTF-16, little-endian', Buffer.from('\ufeff이름,값\r\n아메리카노,똠\r\n', 'utf16le'), undefined],
    ['UTF-16, big-endian', swap(Buffer.from('\ufeff이름,값\n아메리카노,똠\n', 'utf16le')), undefined],
    ['UTF-16 whose mark says more than its charset', Buffer.from('\ufeff이름,값\n아메리카노,똠', 'utf16le'), 'utf-8'],
    ['UTF-16 without a mark', Buffer.from('이름,값\n아메리카노,똠\n', 'utf16le'), 'utf-16le'],
    ['UTF-16, big-endian without a mark', swap(Buffer.from('이름,값\n아메리카노,똠\n', 'utf16le')), 'utf-16be'],
    ['UTF-16 as Python names it', Buffer.from('이름,값\n아메리카노,똠\n', 'utf16le'), 'utf_16_le'],
  ])('may be %s', async (_, bytes, charset) => {
    expect(await rowsOf(bytes, charset)).toEqual(KOREAN);
  });

  it('may be UTF-16 with characters of two units', async () => {
    expect(await rowsOf(Buffer.from('\ufeffa\n😀x\n', 'utf16le'))).toEqual([{ a: '😀x' }]);
  });

  it.each(['latin1', 'iso-8859-1', 'windows-1252', 'cp1252', 'latin-1'])(
    'may be of Western Europe: %s',
    async (charset) => {
      const bytes = Buffer.concat([Buffer.from('a\nCafé ', 'latin1'), Buffer.from([0x80, 0x92, 0xff, 0x0a])]);
      expect(await rowsOf(bytes, charset)).toEqual([{ a: 'Café €’ÿ' }]);
    },
  );

  it.each([
    [
      'CP949',
      Buffer.concat([Buffer.from('a\nx'), Buffer.alloc(40_000, 'b0a1', 'hex')]),
      'cp949',
      `x${'가'.repeat(20_000)}`,
    ],
    ['UTF-16', Buffer.from(`\ufeffa\nx${'😀'.repeat(10_000)}`, 'utf16le'), undefined, `x${'😀'.repeat(10_000)}`],
    ['UTF-8', Buffer.from(`\ufeffa\nx${'가'.repeat(10_000)}`), undefined, `x${'가'.repeat(10_000)}`],
  ])(
    'may have characters that are split between the pieces of a large file: %s',
    async (_, bytes, charset, expected) => {
      const { records } = await readAll(bytes, 'csv', { charset });
      expect(records.map(({ value }) => value)).toEqual([{ a: expected }]);
    },
  );

  it.each([
    [CP949, 'cp949'],
    [Buffer.from('\ufeff이름,값\n아메리카노,똠\n'), undefined],
    [Buffer.from('\ufeff이름,값\n아메리카노,똠\n', 'utf16le'), undefined],
  ])('is turned into UTF-8 byte by byte', async (bytes, charset) => {
    const chunks = inChunks(
      bytes,
      Array.from({ length: bytes.length }, (_, index) => index),
    );
    expect((await collect(toUtf8(chunks, charset))).toString()).toBe('이름,값\n아메리카노,똠\n');
  });

  it('is that of JSON lines too', async () => {
    const { records } = await readAll(Buffer.from('\ufeff{"a":"값"}\n{"a":1}\n', 'utf16le'), 'jsonl');
    expect(records.map(({ value }) => value)).toEqual([{ a: '값' }, { a: 1 }]);
    expect((await readAll(Buffer.from('\ufeff[{"a":"값"}]', 'utf16le'), 'json')).records[0]?.value).toEqual({
      a: '값',
    });
  });

  it.each([
    ['a byte that CP949 has not', Buffer.from([0x61, 0x0a, 0x31, 0x0a, 0xb0, 0xff, 0x0a]), 'cp949', [...FILE, 3]],
    ['half a character at the end', Buffer.from([0x61, 0x0a, 0xb0]), 'euc-kr', [...FILE, 2]],
    ['an odd number of bytes', Buffer.from([0x61, 0, 0x0a, 0, 0x62]), 'utf-16le', [...FILE, 2]],
  ])('is refused where the file has %s', async (_, bytes, charset, location) => {
    expect(await findError(bytes, 'csv', { charset })).toEqual([location, expect.stringContaining(charset)]);
  });

  it('is refused where it is not known', async () => {
    for (const charset of ['klingon', 'utf-32', '']) {
      await expect(readAll('a\n1\n', 'csv', { charset })).rejects.toThrow(UnsupportedMediaTypeError);
    }
  });

  it.each([
    ['a workbook', Buffer.from('PK\x03\x04…'), 'an Excel workbook'],
    ['an old workbook', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1]), 'an Excel workbook'],
    ['a compressed file', Buffer.from([0x1f, 0x8b, 8, 0]), 'Content-Encoding: gzip'],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 'UTF-32'],
    ['UTF-16 without a mark', Buffer.from('a,b\n1,2\n', 'utf16le'), 'or UTF-16'],
  ])('is missed in %s, and the error says what to do', async (_, bytes, words) => {
    expect((await findError(bytes, 'csv'))[1]).toContain(words);
  });
});
