import { Agent, type IncomingHttpHeaders, request as send } from 'node:http';
import fc from 'fast-check';
import type { OpenApiDocument, Operation } from './openapi-document.js';

/** A malicious or faulty request. */
export interface HostileRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export interface HostileResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const LONG = 'x'.repeat(100_000);
const DEEP = 5_000;

/** Replacements for a JSON value, as text. Some are not valid JSON. */
const VALUES = [
  ...['null', 'true', '0', '-1', '-0', '0.5', '1e21', '1e999', '-1e999', '9007199254740993', '9'.repeat(400), 'NaN'],
  ...['""', '" "', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u202e"', '"%00"', '"a\\r\\nSet-Cookie: a=b"'],
  ...['[]', '{}', '[null]', '[[[]]]', '["a","b"]', '{"a":{"b":{}}}', '{"length":1}', '{"toString":1}', '{"then":1}'],
  ...['{"__proto__":{"role":"admin"}}', '{"constructor":{"prototype":{"role":"admin"}}}', '{"toJSON":null}'],
  ...[
    '"\' OR 1=1 --"',
    '"../../../etc/passwd"',
    '"${7*7}"',
    '"javascript:alert(1)"',
    '"1"',
    '"admin"',
    '"constructor"',
  ],
  ...[`"${LONG}"`, '['.repeat(DEEP) + ']'.repeat(DEEP), '{"a":'.repeat(DEEP) + '1' + '}'.repeat(DEEP)],
];
const KEYS = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'id', 'role', 'ownerId', 'version', ''],
  ...['passwordHash', 'a.b', 'a[b]', '$where', '\u0000', '\ud800', LONG.slice(0, 1_000)],
];
/** Bodies that are no valid request. */
const BODIES = [
  ...[
    '',
    ' ',
    'null',
    '[]',
    '"x"',
    '1',
    '{',
    '}',
    '{"a":1,}',
    "{'a':1}",
    '\ufeff{}',
    '{}{}',
    '{"a":1,"a":2}',
    '/**/{}',
  ],
  ...[
    'a=1&a=2',
    '__proto__[role]=admin',
    '%00=%ff',
    '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
    '--x\r\nContent-Disposition: form-data; name="file"; filename="../a.csv"\r\n\r\na,b\r\n1,"2\r\n--x--',
    '--x\r\nContent-Disposition: form-data; name="file"; filename*=utf-8\'\'a%00.json\r\n\r\n[{}]\r\n--x',
    'a,b\n1,2',
  ],
];
const QUERIES = [
  ...[
    '',
    '=',
    '&&&',
    '%',
    '%00',
    '%ff',
    '%ED%A0%80',
    'a',
    'a=1',
    'a[]=1',
    'a[b][c]=1',
    '__proto__[a]=1',
    'constructor=1',
  ],
  ...['a=1&a=2', '?', '/', `a=${LONG.slice(0, 4_000)}`, 'a=1;b=2', 'a=%0d%0aSet-Cookie:%20a=b', '[object%20Object]=1'],
];
const PARAMETER_VALUES = [
  ...['', '0', '-1', '1e21', '1.5', '01', ' 1', '1%20', '0x1', 'NaN', 'null', 'true', '%00', '%ff', '%ED%A0%80', '%'],
  ...[
    '..',
    '.',
    '%2e%2e',
    '..%2f..%2fetc%2fpasswd',
    '__proto__',
    'constructor',
    '%F0%9F%98%80',
    '99999999999999999999',
  ],
  ...['9'.repeat(400), LONG.slice(0, 3_000), '00000000-0000-4000-8000-000000000000', '%0d%0aSet-Cookie:a=b', '*', '{}'],
];
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'content-type': [
    '',
    'text/plain',
    'application/json',
    'application/json;charset=utf-16',
    'application/JSON ; x="',
    '*/*',
    'text/csv',
    'application/x-ndjson',
    'image/png',
    'multipart/form-data',
    'multipart/form-data; boundary=x',
  ],
  'content-encoding': ['gzip', 'br', 'deflate', 'identity', 'zstd', 'gzip, gzip', 'x'],
  'if-match': ['', '*', '"', '"x"', 'W/"1-1"', '"1-1", "', ','.repeat(4_000), '\xff'],
  'if-none-match': ['', '*', '"', 'W/"', '"a" "b"', ' '.repeat(4_000)],
  'if-modified-since': ['x', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  authorization: ['', 'Bearer', 'Bearer ', 'bearer x', 'Basic eDp5', `Bearer barista_${'A'.repeat(43)}`, 'Bearer \xe9'],
  cookie: [
    '',
    'barista.sid',
    'barista.sid=',
    'barista.sid=s%3Ax.y',
    'barista.sid=%',
    'barista.sid=j%3A%7B%7D',
    ';;;=',
    '=',
  ],
  'sec-fetch-site': ['cross-site', 'none', 'x'],
  origin: ['null', 'https://evil.example', ''],
  'x-request-id': ['', 'a b', 'a%0d%0ab', '\xe9', 'x'.repeat(500), '__proto__'],
  'x-forwarded-proto': ['https', 'javascript', ''],
  'inference-header-content-length': ['-1', '0', 'x', '99999999999999999999'],
  accept: ['', '*/*', 'text/html', 'application/xml;q=2', 'x'],
  range: ['bytes=0-0', 'bytes=9999999999-'],
  'x-http-method-override': ['DELETE'],
};

/** Requests to an operation with a few invalid parts. */
export function hostileRequests(operation: Operation, document: OpenApiDocument): fc.Arbitrary<HostileRequest> {
  const example = document.bodyExample(operation);
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const queried = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const text = fc
    .oneof(fc.string({ unit: 'binary' }), fc.string())
    .map((value) => encodeURIComponent(wellFormed(value)));
  const parameters = fc.record(Object.fromEntries(names.map((name) => [name, maybe(oneOf(PARAMETER_VALUES, text))])));
  const ownQuery = fc
    .tuple(fc.constantFrom('a', ...queried.map(({ name }) => name)), oneOf(PARAMETER_VALUES, text))
    .map(([name, value]) => `${name}=${value}`);
  return fc
    .record({
      parameters,
      query: maybe(oneOf(QUERIES, ownQuery)),
      headers: fc.array(fc.constantFrom(...Object.keys(HEADERS)).chain(headerOf), { maxLength: 4 }),
      body: operation.requestBody ? hostileBody(example) : maybe(hostileBody({})),
      address: fc.nat(0xffff),
    })
    .map(({ parameters: values, query, headers, body, address }) => ({
      path: document.address(operation, withoutEmpty(values)) + (query === undefined ? '' : `?${query}`),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        'x-forwarded-for': `10.2.${address >> 8}.${address & 0xff}`,
        ...Object.fromEntries(headers),
      },
      body,
    }));
}

/** Sends a request unchanged, without the corrections of a client library. */
export function sendHostile(
  url: string,
  method: string,
  { path, headers, body }: HostileRequest,
  agent?: Agent,
): Promise<HostileResponse> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const request = send({ hostname, port, path, method, headers: { ...headers, ...length }, agent });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, headers: answered, text: Buffer.concat(chunks).toString() });
      });
    });
    request.end(body);
  });
}

function hostileBody(example: unknown): fc.Arbitrary<Buffer> {
  const value = oneOf(VALUES, fc.json());
  const anything = fc.oneof(oneOf(BODIES, fc.json()), value).map((text) => Buffer.from(text));
  const broken = fc
    .tuple(
      fc.nat(),
      value,
      fc.constantFrom(...KEYS),
      fc.constantFrom('replace', 'add', 'repeat', 'remove', 'wrap', 'keep'),
    )
    .map(([at, text, key, how]) => Buffer.from(mutated(example ?? {}, { at, text, key, how })));
  const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
  return fc.oneof(
    { weight: 6, arbitrary: broken },
    { weight: 3, arbitrary: anything },
    { weight: 1, arbitrary: bytes },
  );
}

interface Mutation {
  readonly at: number;
  readonly text: string;
  readonly key: string;
  readonly how: string;
}

/** @returns the JSON text of `example` with one value replaced */
function mutated(example: unknown, { at, text, key, how }: Mutation): string {
  const target = at % countOf(example);
  let position = 0;
  const write = (value: unknown): string => {
    const isTarget = position === target;
    position += 1;
    if (isTarget && how === 'replace') return text;
    if (isTarget && how === 'wrap') return `[${JSON.stringify(value)}]`;
    if (Array.isArray(value))
      return `[${[...value.map(write), ...(isTarget && how === 'add' ? [text] : [])].join(',')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const fields = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${write(item)}`);
    if (isTarget && how === 'add') fields.push(`${JSON.stringify(key)}:${text}`);
    if (isTarget && how === 'repeat') fields.push(`${JSON.stringify(Object.keys(value)[0] ?? key)}:${text}`);
    if (isTarget && how === 'remove') fields.shift();
    return `{${fields.join(',')}}`;
  };
  return write(example);
}

function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, item) => sum + countOf(item), 1);
}

function headerOf(name: string): fc.Arbitrary<[string, string]> {
  return fc.tuple(fc.constant(name), fc.constantFrom(...HEADERS[name]!));
}

function oneOf(known: readonly string[], random: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: random });
}

function maybe<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 1 });
}

function withoutEmpty(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  // An empty segment would be another path.
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

function wellFormed(text: string): string {
  return (text as string & { toWellFormed(): string }).toWellFormed();
}
