import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Client } from '../support/client.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { RawConnection } from '../support/raw-http.js';
import { until } from '../support/until.js';

const MEGABYTE = 1024 * 1024;
/** Of a server that is not kept busy by what it was sent. */
const AT_ONCE_MS = 5_000;

/** A request that makes a menu, if it is taken for one. */
describe('bodies at the edge', () => {
  let app: ProcessApp;
  let client: Client;

  beforeAll(async () => {
    // The first picture waits for its model to be loaded.
    app = await ProcessApp.start({ DEADLINE_MS: '30000' });
    client = app.client();
    await client.signUpAndLogIn();
  });

  afterAll(killLeftovers);

  async function residentMb(): Promise<number> {
    const { text } = await client.get('/metrics');
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / MEGABYTE;
  }

  describe('a compressed body', () => {
    const spaces = Buffer.alloc(64 * MEGABYTE, ' ');
    /** 64 MB in 64 kB, over and over: members of gzip, one behind the other, are one stream. */
    const bomb = Buffer.concat(Array<Buffer>(160).fill(gzipSync(spaces)));

    async function send(path: string, raw: Uint8Array, encoding: string): Promise<number> {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      return (await client.request('POST', path, { raw, headers })).status;
    }

    it.each(['/menus', '/predict', '/v2/models/iris/infer'])(
      'of 10 GB in 10 MB is refused by POST %s, in little time and memory',
      async (path) => {
        const before = await residentMb();
        const began = Date.now();
        expect(await send(path, bomb, 'gzip')).toBe(413);
        expect(Date.now() - began).toBeLessThan(AT_ONCE_MS);
        expect((await residentMb()) - before).toBeLessThan(256);
      },
    );

    it.each([
      ['gzip', gzipSync(spaces)],
      ['deflate', deflateSync(spaces)],
      ['br', brotliCompressSync(spaces)],
    ])('of %s is held to the same limit', async (encoding, raw) => {
      expect(await send('/menus', raw, encoding)).toBe(413);
      expect(await send('/predict', raw, encoding)).toBe(413);
    });

    it.each(['gzip, gzip', 'gzip, identity', 'x-gzip', 'compress', 'zstd', 'aes128gcm'])(
      'of %s is refused',
      async (encoding) => {
        expect(await send('/menus', gzipSync(gzipSync('{}')), encoding)).toBe(415);
      },
    );

    it.each([
      ['that is none', Buffer.from('{"name":"a","price":1}')],
      ['that ends too early', gzipSync(JSON.stringify({ name: 'a'.repeat(30), price: 1 })).subarray(0, -12)],
      ['whose sum is wrong', damaged(gzipSync('{"name":"a","price":1}'))],
    ])('%s is malformed', async (_, raw) => {
      expect(await send('/menus', raw, 'gzip')).toBe(400);
    });

    it('is taken where it is sound', async () => {
      expect(await send('/menus', gzipSync('{"name":"sound","price":1}'), 'gzip')).toBe(201);
    });

    it.each(['identity', ''])('of "%s" is not compressed', async (encoding) => {
      const menu = Buffer.from('{"name":"plain","price":1}');
      expect(await send('/menus', menu, encoding)).toBe(201);
      expect(await send('/menus', Buffer.alloc(2 * MEGABYTE, ' '), encoding)).toBe(413);
    });
  });

  it.each([
    ['/v2/models/iris/infer', 'application/json', 400],
    ['/models/iris/jobs', 'application/x-www-form-urlencoded', 422],
    ['/models/digits/jobs', 'image/png', 422],
  ])('takes a body to %s that comes byte by byte in little more memory than it has', async (path, type, status) => {
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

  it('is as well as before after all of this', async () => {
    await until('it is ready', async () => (await client.get('/health/ready')).status === 200);
    expect(app.lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 5]! ^= 0xff;
  return copy;
}
