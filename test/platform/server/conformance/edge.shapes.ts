import type { Row } from './shape.js';

/** Handlers that call `next`, responses without a body, conditional requests, and methods without a handler. */
export const EDGES: readonly Row[] = [
  ['next() from a handler of a static path', 'GET', '/shared/static'],
  ['next() from a static route of Express', 'GET', '/shared/static?x=1'],
  ['middleware at nowhere', 'GET', '/cats/a/b'],
  ['middleware of a method where nobody is', 'GET', '/bound/nowhere'],
  ['middleware of a method where nobody is, POST', 'POST', '/bound/nowhere'],
  ['next() from a handler, nobody after', 'GET', '/shared/alone'],
  ['another host', 'GET', '/hosted-only'],
  ['@Header with a JSON type', 'GET', '/answers/own-json'],
  ['a method overridden with HEAD', 'POST', '/still/water', { 'X-HTTP-Method-Override': 'HEAD' }],
  ['204 with value', 'GET', '/answers/no-content-but-a-value'],
  ['205 with value', 'GET', '/answers/reset'],
  ['type on response', 'GET', '/answers/type-set-on-the-response'],
  ['type before an error', 'GET', '/answers/type-before-an-error'],
  ['nothing as JSON', 'GET', '/answers/value/to-json-nothing'],
  ['a part that is not there', 'GET', '/responses/file', { Range: 'bytes=900-' }],
  ['fresh by *', 'GET', '/cats', { 'If-None-Match': '*' }],
  ['OPTIONS router root', 'OPTIONS', '/sub/page/7'],
  ['absolute OPTIONS', 'OPTIONS', 'http://a.example.test/nowhere'],
  ['HEAD bigint', 'HEAD', '/answers/value/to-json-nothing'],
  ['fresh no-cache', 'GET', '/answers/headers', { 'If-None-Match': '"a"' }],
  ['rewritten POST wrong', 'GET', '/rewritten/bound/nowhere'],
  ['405 in broken', 'POST', '/cats/%E0%A4%A'],
  ['DELETE of static post', 'PATCH', '/router/both'],
];

export const EXPRESS_EDGES: readonly Row[] = [
  ['the prototype of no parameters', 'GET', '/raw-params'],
  ['all where nobody answers', 'GET', '/raw-all-nobody'],
  ['all where nobody answers, OPTIONS', 'OPTIONS', '/raw-all-nobody'],
  ['a static route whose handler goes on', 'GET', '/raw-goes-on'],
  ['TRACE static', 'TRACE', '/raw-all'],
];

export const HEADER_VERSION_EDGES: readonly Row[] = [
  ['a version that nobody has', 'GET', '/cats', { 'X-Version': '9' }],
  ['no version at all', 'GET', '/cats'],
];

export const PREFIX_EDGES: readonly Row[] = [
  ['a late route', 'GET', '/late/7'],
  ['a late static route', 'GET', '/late-static'],
  ['late middleware', 'GET', '/open'],
  ['a late route, by another method', 'POST', '/late/7'],
];
