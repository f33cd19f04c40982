import type { Client } from '../support/client.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { RawConnection } from '../support/raw-http.js';
import { until } from '../support/until.js';

/** A request that creates a menu if the server accepts it. */
interface Shape {
  readonly name: string;
  /** Expected statuses; empty if the server only closes the connection. */
  readonly statuses?: readonly number[];
  /** Instead of `HTTP/1.1`. */
  readonly version?: string;
  /** Instead of `POST /menus`. */
  readonly target?: string;
  /** In addition to the usual headers. */
  readonly headers?: readonly string[];
  /** Instead of the correct `Host` header. */
  readonly host?: readonly string[];
  readonly contentLength?: boolean;
  /** Makes the body from the JSON of the menu. */
  readonly body?: (body: string) => string;
}

const MALFORMED = [400];
const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const CHUNKED = { headers: ['Transfer-Encoding: chunked'], contentLength: false, body: chunked };

/** Two lengths: a proxy that uses the other one would see a second request in the body (request smuggling). */
const FRAMING: readonly Shape[] = [
  { name: 'Content-Length and Transfer-Encoding', headers: CHUNKED.headers },
  { name: 'Transfer-Encoding and Content-Length: 0', ...CHUNKED, headers: [...CHUNKED.headers, 'Content-Length: 0'] },
  { name: 'two Content-Lengths', headers: ['Content-Length: 0'] },
  { name: 'a list of Content-Lengths', headers: ['Content-Length: 0, 0'], contentLength: false },
  { name: 'Content-Length with a sign', headers: ['Content-Length: +0'], contentLength: false },
  { name: 'a negative Content-Length', headers: ['Content-Length: -1'], contentLength: false },
  { name: 'Content-Length in hexadecimal', headers: ['Content-Length: 0x0'], contentLength: false },
  { name: 'Content-Length beyond 64 bits', headers: ['Content-Length: 18446744073709551616'], contentLength: false },
  { name: 'an empty Content-Length', headers: ['Content-Length:'], contentLength: false },
  { name: 'a space before the colon', headers: ['Content-Length : 0'], contentLength: false },
  { name: 'chunked twice', ...CHUNKED, headers: ['Transfer-Encoding: chunked, chunked'] },
  { name: 'chunked in two headers', ...CHUNKED, headers: [...CHUNKED.headers, ...CHUNKED.headers] },
  { name: 'identity', ...CHUNKED, headers: ['Transfer-Encoding: identity'] },
  { name: 'chunked, then identity', ...CHUNKED, headers: ['Transfer-Encoding: chunked, identity'] },
  { name: 'identity, then chunked', ...CHUNKED, headers: ['Transfer-Encoding: identity, chunked'] },
  { name: 'gzip, then chunked', ...CHUNKED, headers: ['Transfer-Encoding: gzip, chunked'] },
  { name: 'an unknown transfer coding', ...CHUNKED, headers: ['Transfer-Encoding: xchunked'] },
  { name: 'a coding in quotes', ...CHUNKED, headers: ['Transfer-Encoding: "chunked"'] },
  { name: 'a coding after a vertical tab', ...CHUNKED, headers: ['Transfer-Encoding: \x0bchunked'] },
  { name: 'a coding on a line of its own', ...CHUNKED, headers: ['Transfer-Encoding:\r\n chunked'] },
  {
    name: 'chunked in HTTP/1.0',
    ...CHUNKED,
    version: 'HTTP/1.0',
    headers: [...CHUNKED.headers, 'Connection: keep-alive'],
  },
];

const CHUNKS: readonly Shape[] = [
  { name: 'a size with 0x', body: (body: string) => `0x${chunked(body)}` },
  { name: 'a negative size', body: (body: string) => `-${chunked(body)}` },
  { name: 'a size beyond 64 bits', body: (body: string) => `fffffffffffffffff\r\n${body}` },
  { name: 'a size line ended by LF', body: (body: string) => chunked(body).replace('\r\n', '\n') },
  { name: 'data ended by LF', body: (body: string) => chunked(body).replace('}\r\n', '}\n') },
  { name: 'data that is longer than its size', body: (body: string) => `1\r\n${body}\r\n0\r\n\r\n` },
  { name: 'a space after the size', body: (body: string) => chunked(body).replace('\r\n', ' \r\n') },
  {
    name: 'a Content-Length behind it',
    body: (body: string) => chunked(body).replace(/\r\n$/, 'Content-Length: 9\r\n\r\n'),
  },
  {
    name: 'an extension of 20 kB',
    statuses: [413],
    body: (body: string) => chunked(body).replace('\r\n', `;${'a'.repeat(20_000)}\r\n`),
  },
  {
    name: 'trailers of 20 kB',
    statuses: [431],
    body: (body: string) => chunked(body).replace(/\r\n$/, `X-Long: ${'a'.repeat(20_000)}\r\n\r\n`),
  },
].map((shape) => ({ ...CHUNKED, ...shape }));

const HEADERS: readonly Shape[] = [
  { name: 'a line ended by LF alone', headers: ['X-A: b\nX-C: d'] },
  { name: 'a CR in a value', headers: ['X-A: b\rc'] },
  { name: 'a NUL in a value', headers: ['X-A: b\0c'] },
  { name: 'a NUL in a name', headers: ['X-\0: b'] },
  { name: 'a folded line', headers: ['X-A: b\r\n c'] },
  { name: 'no name', headers: [': b'] },
  { name: 'no colon', headers: ['X-A'] },
  { name: '1,000 headers', statuses: [431], headers: Array.from({ length: 1_000 }, (_, index) => `X-${index}: 1`) },
  { name: 'headers of 20 kB', statuses: [431], headers: [`X-Long: ${'a'.repeat(20_000)}`] },
  { name: 'an unknown expectation', statuses: [417], headers: ['Expect: 200-ok'] },
  { name: 'no Host', host: [] },
  { name: 'two Hosts', host: ['Host: cafe.example', 'Host: evil.example'] },
  { name: 'an empty Host', host: ['Host:'] },
  { name: 'a Host with a path', host: ['Host: cafe.example/menus'] },
  { name: 'a Host with a user', host: ['Host: cafe.example@evil.example'] },
  { name: 'a list of Hosts', host: ['Host: cafe.example, evil.example'] },
];

const TARGETS: readonly Shape[] = [
  { name: 'the URL of another host', target: 'POST http://evil.example/menus' },
  { name: 'an invalid URL', target: 'POST http://[' },
  { name: 'no slash', target: 'POST menus' },
  { name: '*', target: 'POST *' },
  { name: 'a URL of 100 kB', statuses: [431], target: `POST /menus?${'a'.repeat(100_000)}` },
  { name: 'a space in it', target: 'POST /menus HTTP/1.1 /menus' },
  { name: 'a control character', target: 'POST /menus\x01' },
  { name: 'a NUL', target: 'POST /menus\0' },
  { name: 'a byte that is not ASCII', target: 'POST /menus\xff' },
  { name: 'CONNECT', statuses: [405], target: 'CONNECT cafe.example:80' },
  { name: 'a method in lower case', target: 'post /menus' },
  { name: 'an unknown method', target: 'BREW /menus' },
  { name: 'a tab instead of a space', target: 'POST\t/menus' },
  { name: 'HTTP/1.2', version: 'HTTP/1.2' },
  { name: 'HTTP/2.0', version: 'HTTP/2.0' },
  { name: 'HTTP in lower case', version: 'http/1.1' },
];

describe('the HTTP parser', () => {
  let app: ProcessApp;
  let client: Client;
  let menus = 0;

  beforeAll(async () => {
    app = await ProcessApp.start();
    client = app.client();
    await client.signUpAndLogIn();
  });

  afterAll(killLeftovers);

  /** @returns the bytes of a request that creates a menu with this name */
  function write(menu: string, shape: Partial<Shape> = {}): string {
    const { target = 'POST /menus', version = 'HTTP/1.1', headers = [], host = ['Host: cafe.example'] } = shape;
    const json = JSON.stringify({ name: menu, price: 1 });
    const cookie = [...client.cookies].map((pair) => pair.join('=')).join('; ');
    const length = shape.contentLength === false ? [] : [`Content-Length: ${json.length}`];
    const lines = [...host, `Cookie: ${cookie}`, 'Content-Type: application/json', ...length, ...headers];
    return [`${target} ${version}`, ...lines, '', (shape.body ?? String)(json)].join('\r\n');
  }

  async function menuExists(menu: string): Promise<boolean> {
    const { body } = await client.get(`/menus?name=${encodeURIComponent(menu)}`);
    return body.items.length > 0;
  }

  function newMenus(): [first: string, second: string] {
    menus += 1;
    return [`shape ${menus} first`, `shape ${menus} second`];
  }

  it('accepts pipelined valid requests, with a length and in chunks', async () => {
    const [first, second] = newMenus();
    const connection = await RawConnection.open(app.url);
    connection.send(write(first) + write(second, CHUNKED));
    expect(await connection.waitForStatuses(2)).toEqual([201, 201]);
    expect([await menuExists(first), await menuExists(second)]).toEqual([true, true]);
    connection.end();
  });

  describe.each([
    ['the length of a request', FRAMING],
    ['chunks', CHUNKS],
    ['headers', HEADERS],
    ['the first line', TARGETS],
  ])('with ambiguous syntax in %s', (_, shapes) => {
    it.each(shapes)('rejects $name, and the pipelined request after it', async ({ statuses = MALFORMED, ...shape }) => {
      const [first, second] = newMenus();
      const connection = await RawConnection.open(app.url);
      connection.send(write(first, shape) + write(second));
      const received = await connection.closed();
      expect(connection.statuses).toEqual(statuses);
      expect(received).toMatch(/^Content-Type: application\/problem\+json\r$/m);
      expect(received).toMatch(/^X-Content-Type-Options: nosniff\r$/m);
      const { requestId } = connection.problem;
      await until('the request is logged', () => app.lines.some((line) => line.requestId === requestId));
      expect(received).toMatch(/^X-Request-Id: [\w-]+\r$/m);
      expect([await menuExists(first), await menuExists(second)]).toEqual([false, false]);
    });
  });

  it.each([
    ['garbage', '\x01\x02\x03 garbage\r\n\r\n'],
    ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a request with two lengths', 'POST /menus HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n'],
  ])('responds to a valid request before it closes the connection for the %s after it', async (_, garbage) => {
    const [first, second] = newMenus();
    const connection = await RawConnection.open(app.url);
    connection.send(write(first) + garbage + write(second));
    await connection.closed();
    expect(connection.statuses).toEqual([201]);
    expect([await menuExists(first), await menuExists(second)]).toEqual([true, false]);
  });

  it('ignores a request after one with Connection: close', async () => {
    const [first, second] = newMenus();
    const connection = await RawConnection.open(app.url);
    connection.send(write(first, { headers: ['Connection: close'] }) + write(second));
    await connection.closed();
    expect(connection.statuses).toEqual([201]);
    expect(await menuExists(second)).toBe(false);
  });

  it.each(['websocket', 'h2c'])('does not upgrade to %s', async (protocol) => {
    const [menu] = newMenus();
    const connection = await RawConnection.open(app.url);
    connection.send(write(menu, { headers: ['Connection: Upgrade', `Upgrade: ${protocol}`] }));
    expect(await connection.waitForStatuses(1)).toEqual([201]);
    connection.end();
  });

  it('accepts an absolute URL with its own host', async () => {
    const connection = await RawConnection.open(app.url);
    connection.send('GET http://Cafe.example/health/live HTTP/1.1\r\nHost: cafe.example\r\n\r\n');
    expect(await connection.waitForStatuses(1)).toEqual([200]);
    connection.end();
  });

  describe('methods and media types', () => {
    it.each([
      ['TRACE', '/menus', 'GET, HEAD, OPTIONS, POST'],
      ['PATCH', '/menus', 'GET, HEAD, OPTIONS, POST'],
      ['PUT', '/auth/login', 'OPTIONS, POST'],
      ['PROPFIND', '/health/live', 'GET, HEAD, OPTIONS'],
      ['DELETE', '/metrics', 'GET, HEAD, OPTIONS'],
    ])('responds to %s %s with 405 and the allowed methods', async (method, path, allow) => {
      const connection = await RawConnection.open(app.url);
      connection.send(`${method} ${path} HTTP/1.1\r\nHost: cafe.example\r\nConnection: close\r\n\r\n`);
      const received = await connection.closed();
      expect(connection.statuses).toEqual([405]);
      expect(received).toContain(`\r\nAllow: ${allow}\r\n`);
    });

    it.each([
      undefined,
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a',
      'application/jsonp',
      'application/json; charset=utf-16',
      'text/plain, application/json',
    ])('rejects the media type %s where JSON is required', async (type) => {
      const raw = new TextEncoder().encode('{"name":"never made","price":1}');
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      const { status, body } = await client.request('POST', '/menus', { raw, headers });
      expect({ status, code: body.code }).toEqual({ status: 415, code: 'request.unsupported-media-type' });
    });

    it('ignores headers that override the method', async () => {
      const headers = { 'X-HTTP-Method-Override': 'DELETE', 'X-HTTP-Method': 'DELETE', 'X-Method-Override': 'DELETE' };
      const [menu] = newMenus();
      const { body } = await client.post('/menus', { name: menu, price: 1 });
      expect((await client.get(`/menus/${body.id}`, { headers })).status).toBe(200);
      expect(await menuExists(menu)).toBe(true);
    });
  });

  it('is ready and has logged no error after all of these requests', async () => {
    await until('it is ready', async () => (await client.get('/health/ready')).status === 200);
    expect(app.lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});
