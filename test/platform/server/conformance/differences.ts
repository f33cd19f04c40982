import { type Shape, shapesOf } from './shape.js';

/** Expected parts of a response. Other parts are not compared. */
export interface Expected {
  readonly status: string;
  readonly header?: string;
  readonly body?: string;
}

interface Difference {
  readonly name: string;
  readonly shape: Shape;
  readonly our: Expected;
  readonly stock: Expected;
}

const METHOD_NOT_ALLOWED = { status: 'HTTP/1.1 405 Method Not Allowed', body: '{"code":"request.method-not-allowed"}' };
const NOT_FOUND = { status: 'HTTP/1.1 404 Not Found', header: 'content-type: application/json; charset=utf-8' };
const OK = { status: 'HTTP/1.1 200 OK' };

/** All intended differences between our adapter, with the 405 responses of `platform/http`, and Nest's own. */
export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'a wrong method gets 405 with the allowed methods',
    shape: shapeOf('POST', '/cats/mine'),
    our: { ...METHOD_NOT_ALLOWED, header: 'allow: DELETE, GET, HEAD, OPTIONS, PATCH, PUT' },
    stock: NOT_FOUND,
  },
  {
    name: 'a wrong method gets 405 at a path without parameters or middleware',
    shape: shapeOf('PATCH', '/answers/static-object'),
    our: { ...METHOD_NOT_ALLOWED, header: 'allow: GET, HEAD, OPTIONS' },
    stock: NOT_FOUND,
  },
  {
    name: 'a wrong method gets 405 where only a WebDAV method is allowed',
    shape: shapeOf('GET', '/paths/properties'),
    our: { ...METHOD_NOT_ALLOWED, header: 'allow: OPTIONS, PROPFIND' },
    stock: NOT_FOUND,
  },
  {
    name: 'PURGE gets 405',
    shape: shapeOf('PURGE', '/CATS/'),
    our: { ...METHOD_NOT_ALLOWED, header: 'allow: GET, HEAD, OPTIONS, POST' },
    stock: NOT_FOUND,
  },
  {
    name: 'HEAD gets 405 without a body',
    shape: shapeOf('HEAD', '/paths/properties'),
    our: { ...METHOD_NOT_ALLOWED, header: 'allow: OPTIONS, PROPFIND', body: '' },
    stock: NOT_FOUND,
  },
  {
    name: 'OPTIONS gets 204 with the allowed methods',
    shape: shapeOf('OPTIONS', '/cats/7/toys/mouse'),
    our: { status: 'HTTP/1.1 204 No Content', header: 'allow: GET, HEAD, OPTIONS', body: '' },
    stock: NOT_FOUND,
  },
  {
    name: 'TRACE gets 405 at an unknown path',
    shape: shapeOf('TRACE', '/nowhere'),
    our: METHOD_NOT_ALLOWED,
    stock: NOT_FOUND,
  },
  {
    name: '64-bit integers are written with all their digits',
    shape: shapeOf('GET', '/answers/value/bigint'),
    our: { ...OK, header: 'content-length: 27', body: '{"big":9223372036854775807}' },
    stock: { status: 'HTTP/1.1 500 Internal Server Error' },
  },
];

function shapeOf(method: string, target: string): Shape {
  return shapesOf('plain', [['', method, target]])[0]!;
}
