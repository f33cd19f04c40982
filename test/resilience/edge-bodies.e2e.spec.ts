import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Client } from '../support/client.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { RawConnection } from '../support/raw-http.js';
import { until } from '../support/until.js';

const MEGABYTE = 1024 * 1024;
/** Upper bound for a response that needs no decompression of the whole body. */
const MAX_REJECTION_MS = 5_000;

describe('request bodies', () => {
  let app: ProcessApp;
  let client: Client;

  beforeAll(async () => {
    // The first image waits until its model is loaded.
    app = await ProcessApp.start({ DEADLINE_MS: '30000' });
    client = app.client();
    await client.signUpAndLogIn();
  });

  afterAll(killLeftovers);

  async function residentMb(): Promise<number> {
    const { text } = await client.get('/metrics');
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / MEGABYTE;
  }

  describe('with a Content-Encoding', () => {
    const spaces = Buffer.alloc(64 * MEGABYTE, ' ');
    /** Repeats 64 kB that decompress to 64 MB: concatenated gzip members are one stream (RFC 1952). */
    const bomb = Buffer.concat(Array<Buffer>(160).fill(gzipSync(spaces)));

    async function send(path: string, raw: Uint8Array, encoding: string): Promise<number> {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      return (await client.request('POST', path, { raw, headers })).status;
    }

    it.each(['/menus', '/predict', '/v2/models/iris/infer'])(
      'rejects 10 GB compressed to 10 MB at POST %s, in little time and memory',
      async (path) => {
        const before = await residentMb();
        const began = Date.now();
        expect(await send(path, bomb, 'gzip')).toBe(413);
        expect(Date.now() - began).toBeLessThan(MAX_REJECTION_MS);
        expect((await residentMb()) - before).toBeLessThan(256);
      },
    );

    it.each([
      ['gzip', gzipSync(spaces)],
      ['x-gzip', gzipSync(spaces)],
      ['deflate', deflateSync(spaces)],
      ['br', brotliCompressSync(spaces)],
    ])('limits the decompressed size of %s', async (encoding, raw) => {
      expect(await send('/menus', raw, encoding)).toBe(413);
      expect(await send('/predict', raw, encoding)).toBe(413);
    });

    it.each(['gzip, gzip', 'gzip, identity', 'x-compress', 'compress', 'zstd', 'aes128gcm'])(
      'rejects the encoding %s',
      async (encoding) => {
        expect(await send('/menus', gzipSync(gzipSync('{}')), encoding)).toBe(415);
      },
    );

    it.each([
      ['that is not compressed', Buffer.from('{"name":"a","price":1}')],
      ['that is truncated', gzipSync(JSON.stringify({ name: 'a'.repeat(30), price: 1 })).subarray(0, -12)],
      ['with a wrong checksum', damaged(gzipSync('{"name":"a","price":1}'))],
    ])('rejects a gzip body %s as malformed', async (_, raw) => {
      expect(await send('/menus', raw, 'gzip')).toBe(400);
    });

    it('accepts a valid gzip body', async () => {
      expect(await send('/menus', gzipSync('{"name":"sound","price":1}'), 'gzip')).toBe(201);
    });

    it.each(['identity', ''])('reads the encoding "%s" as uncompressed', async (encoding) => {
      const menu = Buffer.from('{"name":"plain","price":1}');
      expect(await send('/menus', menu, encoding)).toBe(201);
      expect(await send('/menus', Buffer.alloc(2 * MEGABYTE, ' '), encoding)).toBe(413);
    });
  });

  it.each([
    ['/v2/models/iris/infer', 'application/json', 400],
    ['/models/iris/jobs', 'application/x-www-form-urlencoded', 422],
    ['/models/digits/jobs', 'image/png', 422],
  ])('reads a body that arrives at %s in chunks of one byte without much more memory', async (path, type, status) => {
    const before = await residentMb();
    const connection = await RawConnection.open(app.url);
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = ['Host: cafe.example', `Cookie: ${cookie}`, `Content-Type: ${type}`, 'Transfer-Encoding: chunked'];
    connection.send([`POST ${path} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'));
    connection.send('1\r\n \r\n'.repeat(MEGABYTE)).send('0\r\n\r\n');
    let most = before;
    while (!connection.isClosed) most = Math.max(most, await residentMb());
    expect(most - before).toBeLessThan(150);
    expect(connection.statuses).toEqual([status]);
  });

  it('is ready and has logged no error after all of these requests', async () => {
    await until('it is ready', async () => (await client.get('/health/ready')).status === 200);
    expect(app.lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 5]! ^= 0xff;
  return copy;
}
