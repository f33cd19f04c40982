import { JSON_BODY, type Row } from './shape.js';

const VALUES = [
  ...['text', 'html', 'empty', 'number', 'zero', 'null', 'undefined', 'true', 'false', 'buffer', 'bytes', 'array'],
  ...['empty-array', 'date', 'unicode', 'map', 'to-json', 'to-json-text', 'circular', 'large', 'error', 'promise'],
  ...['observable', 'no-values', 'failed-observable', 'promise-of-observable', 'file', 'stream', 'broken-stream'],
];
const RESPONSES = [
  ...['json', 'json-null', 'send', 'send-buffer', 'send-object', 'send-status', 'end', 'write', 'cookies', 'redirect'],
  ...[
    'redirect-back',
    'location',
    'attachment',
    'file',
    'download',
    'missing-file',
    'format',
    'facts',
    'own-head',
    'render',
  ],
];

/** Return values of handlers, and handlers that write to the response. */
export const ANSWERS: readonly Row[] = [
  ...VALUES.map((name): Row => ['a value', 'GET', `/answers/value/${name}`]),
  ...VALUES.slice(0, 12).map((name): Row => ['a value by POST', 'POST', `/answers/value/${name}`]),
  ...['text', 'array', 'file', 'large'].map((name): Row => ['a value by HEAD', 'HEAD', `/answers/value/${name}`]),
  ['an object at a static path', 'GET', '/answers/static-object'],
  ['a text at a static path', 'GET', '/answers/static-text'],
  ['HEAD at a static path', 'HEAD', '/answers/static-object'],
  ['204', 'GET', '/answers/no-content'],
  ['@Header', 'GET', '/answers/headers'],
  ['@Header with another type', 'GET', '/answers/csv'],
  ['@Redirect', 'GET', '/answers/redirect'],
  ['@Redirect decided by the handler', 'GET', '/answers/redirect-elsewhere'],
  ['@Redirect by HEAD', 'HEAD', '/answers/redirect'],
  ['@Sse', 'GET', '/answers/events', { Accept: 'text/event-stream' }],
  ['passthrough', 'GET', '/answers/passthrough'],
  ...RESPONSES.map((name): Row => ['the response', 'GET', `/responses/${name}`]),
  ...['json', 'write', 'facts'].map((name): Row => [
    'the response, later',
    'POST',
    `/responses/${name}?ms=3`,
    JSON_BODY,
    '{}',
  ]),
  ['jsonp', 'GET', '/responses/jsonp?callback=call'],
  ['format as JSON', 'GET', '/responses/format', { Accept: 'application/json' }],
  ['format as nothing it has', 'GET', '/responses/format', { Accept: 'image/png' }],
  ['redirect back', 'GET', '/responses/redirect-back', { Referer: '/cats' }],
  ['fresh', 'GET', '/responses/fresh', { 'If-None-Match': '"1"' }],
  ['stale', 'GET', '/responses/fresh', { 'If-None-Match': '"0"' }],
  ['a part of a file', 'GET', '/responses/file', { Range: 'bytes=0-3' }],
];
