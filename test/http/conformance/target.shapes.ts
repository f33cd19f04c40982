import { compose, type Row, type Shape } from './shape.js';

/** Ways to write a target. */
export const TARGETS: readonly Row[] = [
  ['a slash at the end', 'GET', '/cats/'],
  ['a slash after a static path', 'GET', '/cats/mine/'],
  ['a slash after a parameter', 'GET', '/cats/7/'],
  ['two slashes at the end', 'GET', '/cats//'],
  ['two slashes within', 'GET', '/cats//mine'],
  ['two slashes in front', 'GET', '//cats'],
  ['two slashes in front of more', 'GET', '//cats/mine'],
  ['upper case', 'GET', '/CATS'],
  ['upper case and a slash', 'GET', '/Cats/MINE/'],
  ['upper case before a parameter', 'GET', '/CATS/AbC'],
  ['an escaped slash', 'GET', '/cats/a%2Fb'],
  ['an escaped blank', 'GET', '/cats/a%20b'],
  ['an escaped letter of a static path', 'GET', '/cats/%6Dine'],
  ['an escaped slash of a static path', 'GET', '/cats%2Fmine'],
  ['broken escapes', 'GET', '/cats/%E0%A4%A'],
  ['broken escapes in a wildcard', 'GET', '/paths/files/a/%zz'],
  ['broken escapes nowhere', 'GET', '/nowhere/%'],
  ['broken escapes below a prefix', 'GET', '/prefix/%E0%A4%A'],
  ['broken escapes in a query', 'GET', '/cats?a=%E0%A4%A'],
  ['an escaped NUL', 'GET', '/cats/%00'],
  ['Unicode, escaped', 'GET', '/cats/caf%C3%A9%20%E2%98%95'],
  ['an empty segment', 'GET', '/cats//toys/mouse'],
  ['a query', 'GET', '/cats?a=1&a=2&b[c]=3&d&=e&f=%20+'],
  ['a question mark', 'GET', '/cats?'],
  ['a query behind a slash', 'GET', '/cats/?a=1'],
  ['two question marks', 'GET', '/cats?a=?b'],
  ['a slash in a query', 'GET', '/cats?a=/mine'],
  ['__proto__ in a query', 'GET', '/cats?__proto__=1&constructor=2'],
  ['__proto__ as a parameter', 'GET', '/cats/__proto__'],
  ['a query at the root', 'GET', '/?a=1'],
  ['a fragment', 'GET', '/cats/7#part'],
  ['a semicolon', 'GET', '/cats;v=1'],
  ['dots', 'GET', '/cats/../paths/one'],
  ['one dot', 'GET', '/cats/./mine'],
  ['a dot at the end', 'GET', '/cats/7.'],
  ['a backslash', 'GET', '/cats\\mine'],
  ['signs', 'GET', "/cats/!$&'()*+,;=:@"],
  ['a long parameter', 'GET', `/cats/${'x'.repeat(4_000)}`],
  ['many segments', 'GET', `/paths/files${'/a'.repeat(1_000)}`],
  ['a long path nowhere', 'GET', `/nowhere${'/a'.repeat(1_000)}`],
  ['an absolute target', 'GET', 'http://cats.example.test/cats/mine?a=1'],
  ['an absolute target with a parameter', 'GET', 'http://elsewhere.example.test:81/cats/7'],
  ['an absolute target below a prefix', 'GET', 'http://cats.example.test/prefix/a'],
  ['an absolute target of a router', 'GET', 'http://cats.example.test/router/words/cup'],
  ['an absolute target without a path', 'GET', 'http://cats.example.test'],
  ['an asterisk', 'OPTIONS', '*'],
  ['a method of caches', 'PURGE', '/nowhere'],
  ['a method of caches, where everything is taken', 'PURGE', '/paths/everything'],
  ['a host with a port', 'GET', '/cats', { Host: 'toto.cats.example.test:8080' }],
  ['a host of IPv6', 'GET', '/cats', { Host: '[::1]:3000' }],
  ['a proxy that is not trusted', 'GET', '/cats', { 'X-Forwarded-For': '1.2.3.4', 'X-Forwarded-Proto': 'https' }],
  ['XMLHttpRequest', 'GET', '/cats', { 'X-Requested-With': 'XMLHttpRequest', Accept: 'application/json' }],
];

const KEEP = { Connection: 'keep-alive' };

/** Ways to use a connection. */
export const CONNECTIONS: readonly Shape[] = [
  wire('two requests at once', compose('GET', '/cats/1', KEEP) + compose('GET', '/cats/2'), ['GET', 'GET']),
  wire(
    'a slow one before a fast one',
    compose('POST', '/responses/json?ms=9', { ...KEEP, 'Content-Length': '0' }) + compose('GET', '/cats/mine'),
    ['POST', 'GET'],
  ),
  wire('HEAD before GET', compose('HEAD', '/cats', KEEP) + compose('GET', '/cats'), ['HEAD', 'GET']),
  wire('a body nobody reads before GET', compose('POST', '/throws', KEEP, 'a body') + compose('GET', '/cats'), [
    'POST',
    'GET',
  ]),
  wire('a broken path before a good one', compose('GET', '/cats/%', KEEP) + compose('GET', '/cats/1'), ['GET', 'GET']),
  wire('a stream before GET', compose('GET', '/answers/value/stream', KEEP) + compose('GET', '/cats'), ['GET', 'GET']),
  wire('keep-alive', compose('GET', '/cats/1', KEEP), ['GET']),
  wire('HTTP/1.1 without Connection', 'GET /cats/1 HTTP/1.1\r\nHost: a\r\n\r\n', ['GET']),
  wire('HTTP/1.0', 'GET /cats/1 HTTP/1.0\r\n\r\n', ['GET']),
  wire('HTTP/1.0 with keep-alive', 'GET /cats/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', ['GET']),
  wire('HTTP/1.0 and a stream', 'GET /answers/value/stream HTTP/1.0\r\n\r\n', ['GET']),
  wire('HTTP/1.1 without Host', 'GET /cats/1 HTTP/1.1\r\n\r\n', ['GET']),
  wire(
    'Expect',
    compose('POST', '/cats/raw', { Expect: '100-continue', 'Content-Type': 'application/json' }, '{"a":1}'),
    ['POST'],
  ),
  wire('Expect something else', compose('GET', '/cats', { Expect: 'tea' }), ['GET']),
  wire('an upgrade nobody takes', compose('GET', '/cats', { Connection: 'Upgrade', Upgrade: 'tea' }), ['GET']),
];

function wire(name: string, bytes: string, methods: readonly string[]): Shape {
  return { app: 'plain', name, bytes, methods };
}
