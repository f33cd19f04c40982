import { Body, Controller, Get, Header, Post } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AcceptsBody } from '../../../src/platform/http/index.js';
import { BaristaExpressAdapter, ServerSettings } from '../../../src/platform/server/index.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { type Answer, sendRawRequests } from './conformance/raw-requests.js';
import { compose, FORM_BODY, JSON_BODY } from './conformance/shape.js';

const BIG = 9_223_372_036_854_775_807n;
const ORIGIN = 'https://shop.example';
const PAGE = { Accept: 'text/html' };
const CSV_BODY = { 'Content-Type': 'text/csv' };
const MEMBER = JSON.stringify({ email: 'ada@cafe.example', password: 'a cup of good coffee' });
const FLOWER = '{"sepal_length":5.9,"sepal_width":3.0,"petal_length":5.1,"petal_width":1.8}';
const FLOWERS = `{"instances":[${FLOWER},${FLOWER}]}`;
const FLOWER_FORM = 'sepal_length=5.9&sepal_width=3.0&petal_length=5.1&petal_width=1.8';
const FLOWER_CSV = 'sepal_length,sepal_width,petal_length,petal_width\n5.9,3.0,5.1,1.8\n5.1,3.5,1.4,0.2\n';
const TENSOR = '{"inputs":[{"name":"input","datatype":"FP32","shape":[1,4],"data":[5.9,3.0,5.1,1.8]}]}';

/** Gives the kinds of response that the shipped routes do not. */
@Controller('big')
class BigController {
  @Get()
  show(): object {
    return { big: BIG, list: [-BIG, 1] };
  }

  @Get('typed')
  @Header('Content-Type', 'application/vnd.cafe+json')
  showTyped(): object {
    return { big: BIG };
  }

  @Post()
  @AcceptsBody({ kinds: ['json'], purpose: 'predictions' })
  echo(@Body() body: unknown): unknown {
    return body;
  }

  @Get('broken')
  fail(): never {
    throw new Error('secret');
  }
}

/** `$menu` is the path of the menu, and `$tag` its entity tag, once it has been created. */
type Row = readonly [
  title: string,
  status: number,
  method: string,
  target: string,
  headers?: Readonly<Record<string, string>>,
  body?: string,
];

/** Sent in this order, with the cookies that earlier responses have set. */
const REQUESTS: readonly Row[] = [
  ['the liveness probe', 200, 'GET', '/health/live'],
  ['the readiness probe', 200, 'GET', '/health/ready'],
  ['HEAD', 200, 'HEAD', '/health/live'],
  ['a given X-Request-Id', 200, 'GET', '/health/live', { 'X-Request-Id': 'from-the-proxy.1' }],
  ['64-bit integers in a response', 200, 'GET', '/big'],
  ['HEAD of 64-bit integers', 200, 'HEAD', '/big'],
  ['64-bit integers under another media type', 200, 'GET', '/big/typed'],
  ['64-bit integers in a request', 201, 'POST', '/big', JSON_BODY, `{"big":${BIG},"text":"é"}`],
  ['an unexpected error', 500, 'GET', '/big/broken'],
  ['an unknown path', 404, 'GET', '/nowhere?x=1'],
  ['an unknown path as a page', 404, 'GET', '/account/nowhere', PAGE],
  ['HEAD of an unknown path', 404, 'HEAD', '/nowhere'],
  ['a path with broken percent-encoding', 400, 'GET', '/menus/%zz'],
  ['a wrong method', 405, 'DELETE', '/menus'],
  ['a wrong method of a path with a parameter', 405, 'POST', '/menus/1'],
  ['a wrong method of a page', 405, 'PUT', '/login', PAGE],
  ['TRACE', 405, 'TRACE', '/menus'],
  ['a preflight of an allowed origin', 204, 'OPTIONS', '/menus', preflight(ORIGIN)],
  ['a preflight of another origin', 204, 'OPTIONS', '/menus', preflight('https://evil.example')],
  ['an allowed origin', 200, 'GET', '/menus', { Origin: ORIGIN }],
  ['another origin', 200, 'GET', '/menus', { Origin: 'https://evil.example' }],
  ['a cross-site write', 403, 'POST', '/menus', { ...JSON_BODY, Origin: 'https://evil.example', Cookie: 'a=b' }, '{}'],
  ['malformed JSON', 400, 'POST', '/auth/signup', JSON_BODY, '{"email":'],
  ['a body of another media type', 415, 'POST', '/auth/signup', { 'Content-Type': 'text/plain' }, 'hello'],
  ['a body that is too large', 413, 'POST', '/auth/signup', JSON_BODY, `"${'x'.repeat(1_100_000)}"`],
  ['a body without fields', 422, 'POST', '/auth/signup', JSON_BODY, '{"surprise":1}'],
  ['an unknown query parameter', 422, 'GET', '/menus?surprise=1'],
  ['no session', 401, 'POST', '/menus', JSON_BODY, '{"name":"Latte","price":4500}'],
  ['a sign-up', 201, 'POST', '/auth/signup', JSON_BODY, MEMBER],
  ['a sign-up with the same address', 409, 'POST', '/auth/signup', JSON_BODY, MEMBER],
  ['a login', 200, 'POST', '/auth/login', JSON_BODY, MEMBER],
  ['the member of the session', 200, 'GET', '/auth/me'],
  ['a new menu', 201, 'POST', '/menus', JSON_BODY, '{"name":"Latte","price":4500}'],
  ['the list of menus', 200, 'GET', '/menus?limit=5'],
  ['a menu', 200, 'GET', '$menu'],
  ['HEAD of a menu', 200, 'HEAD', '$menu'],
  ['a menu with its entity tag', 304, 'GET', '$menu', { 'If-None-Match': '$tag' }],
  ['a menu with another entity tag', 200, 'GET', '$menu', { 'If-None-Match': '"other"' }],
  ['a menu with any entity tag', 304, 'GET', '$menu', { 'If-None-Match': '*' }],
  ['a stale update', 412, 'PATCH', '$menu', { ...JSON_BODY, 'If-Match': '"other"' }, '{"price":1}'],
  ['an update', 200, 'PATCH', '$menu', { ...JSON_BODY, 'If-Match': '$tag' }, '{"price":4600}'],
  ['a form page', 200, 'GET', '/account', PAGE],
  ['a form that is rejected', 422, 'POST', '/account/password', { ...FORM_BODY, ...PAGE }, 'currentPassword=x'],
  ['a removed menu', 204, 'DELETE', '$menu'],
  ['the home page', 200, 'GET', '/', PAGE],
  ['the login page', 200, 'GET', '/login?next=%2Faccount', PAGE],
  ['a file that the home page loads', 200, 'GET', '/assets/page.css'],
  ['the OpenAPI document', 200, 'GET', '/openapi.json'],
  ['the documentation page', 200, 'GET', '/docs', PAGE],
  ['a prediction', 200, 'POST', '/predict', JSON_BODY, FLOWER],
  ['predictions of several instances', 200, 'POST', '/models/iris/predict', JSON_BODY, FLOWERS],
  ['a prediction from a form', 200, 'POST', '/models/iris/predict', FORM_BODY, FLOWER_FORM],
  ['a prediction from a form as a page', 200, 'POST', '/models/iris/predict', { ...FORM_BODY, ...PAGE }, FLOWER_FORM],
  ['predictions from CSV', 200, 'POST', '/predict', CSV_BODY, FLOWER_CSV],
  ['predictions from CSV as CSV', 200, 'POST', '/predict', { ...CSV_BODY, Accept: 'text/csv' }, FLOWER_CSV],
  ['CSV with an unknown column', 422, 'POST', '/predict', CSV_BODY, 'leaves\n3\n'],
  ['an instance with a wrong type', 422, 'POST', '/predict', JSON_BODY, FLOWER.replace('5.9', '"long"')],
  ['an unknown model', 404, 'POST', '/models/nothing/predict', JSON_BODY, FLOWER],
  ['the list of models', 200, 'GET', '/models'],
  ['the page of a model', 200, 'GET', '/models/iris', PAGE],
  ['an inference of the Open Inference Protocol', 200, 'POST', '/v2/models/iris/infer', {}, TENSOR],
  ['a malformed inference', 400, 'POST', '/v2/models/iris/infer', {}, '{"inputs":'],
  [
    'an inference with an unknown input',
    400,
    'POST',
    '/v2/models/iris/infer',
    {},
    TENSOR.replace('"input"', '"leaves"'),
  ],
  ['an unknown model of the Open Inference Protocol', 404, 'GET', '/v2/models/nothing'],
  ['an unknown path of the Open Inference Protocol', 404, 'GET', '/v2/nowhere'],
  ['a wrong method of the Open Inference Protocol', 405, 'DELETE', '/v2/models/iris/infer'],
  ['a chunked body', 200, 'POST', '/predict', { ...JSON_BODY, 'Transfer-Encoding': 'chunked' }, chunked(FLOWER)],
  ['a refused metrics token', 401, 'GET', '/metrics'],
  ['a logout', 204, 'POST', '/auth/logout'],
];

/** Bodies with 64-bit integers, each byte one character. */
const EXACT = [`{"big":${BIG},"list":[-${BIG},1]}`, `{"big":${BIG},"text":"Ã©"}`];

/** Without CORS_ORIGINS: with it, the CORS middleware responds to every OPTIONS. */
const WITHOUT_CORS: readonly Row[] = [
  ['OPTIONS of a route', 204, 'OPTIONS', '/menus'],
  ['OPTIONS of an unknown path', 404, 'OPTIONS', '/nowhere'],
  ['OPTIONS of a path of the Open Inference Protocol', 204, 'OPTIONS', '/v2/models/iris/infer'],
  ['a preflight', 204, 'OPTIONS', '/menus', preflight(ORIGIN)],
];

describe.each([
  { with: 'CORS_ORIGINS', settings: { CORS_ORIGINS: ORIGIN, METRICS_TOKEN: 'a token' }, rows: REQUESTS, exact: EXACT },
  { with: 'default settings', settings: {}, rows: WITHOUT_CORS, exact: [] },
])("the application on Nest's stock Express adapter, with $with", ({ settings, rows, exact }) => {
  const cases = rows.map(([title, status, method, target], index) => ({ title, status, method, target, index }));
  let stock: TestApp;
  let accelerated: TestApp;
  let ofStock: Answer[];
  let ofAccelerated: Answer[];

  beforeAll(async () => {
    stock = await startTestApp(settings, [BigController], [], { adapter: new ExpressAdapter(), server: [] });
    ofStock = await askAll(stock, rows);
    accelerated = await startTestApp(settings, [BigController]);
    ofAccelerated = await askAll(accelerated, rows);
  });

  afterAll(async () => {
    await stock?.close();
    await accelerated?.close();
  });

  it('runs without the accelerated adapter and its module', () => {
    expect(stock.app.getHttpAdapter()).not.toBeInstanceOf(BaristaExpressAdapter);
    expect(() => stock.app.get(ServerSettings)).toThrow();
    expect(accelerated.app.getHttpAdapter()).toBeInstanceOf(BaristaExpressAdapter);
  });

  it.each(cases)(
    'gives the same response as on the accelerated adapter to $title ($method $target, $status)',
    ({ index, status }) => {
      expect(ofStock[index]).toEqual(ofAccelerated[index]);
      expect(ofStock[index]!.status).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    },
  );

  it('gives every response an id and the standard headers', () => {
    const standard = ['x-content-type-options: nosniff', 'x-frame-options: DENY', 'referrer-policy: no-referrer'];
    for (const [index, { headers }] of ofStock.entries()) {
      const id = rows[index]![4]?.['X-Request-Id'] ?? '<uuid>';
      expect(headers).toEqual(expect.arrayContaining([...standard, `x-request-id: ${id}`]));
    }
  });

  it('writes 64-bit integers with all their digits, and names the allowed methods', () => {
    const bodies = ofStock.map(({ body }) => body);
    const allow = ofStock.flatMap(({ headers }) => headers.filter((line) => line.startsWith('allow: ')));
    expect(bodies).toEqual(expect.arrayContaining(exact));
    expect(allow).toContain('allow: GET, HEAD, OPTIONS, POST');
  });
});

/** Sends all requests, one after another, each on its own connection. */
async function askAll({ url }: TestApp, rows: readonly Row[]): Promise<Answer[]> {
  const port = Number(new URL(url).port);
  const state = new Map<string, string>();
  const answers: Answer[] = [];
  for (const [, , method, target, given = {}, body] of rows) {
    const fill = (text: string): string => text.replaceAll(/\$(?:menu|tag)/g, (name) => state.get(name) ?? name);
    const cookie = state.get('cookie');
    const headers = { ...(cookie ? { Cookie: cookie } : {}), ...given };
    const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
    const bytes = compose(method, fill(target), filled, body);
    const [answer] = await sendRawRequests(port, { bytes, methods: [method] });
    remember(state, answer!);
    answers.push(normalise(answer!));
  }
  return answers;
}

function remember(state: Map<string, string>, { status, headers }: Answer): void {
  const valueOf = (name: string): string | undefined =>
    headers.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const cookie = valueOf('set-cookie')?.split(';')[0];
  if (cookie) state.set('cookie', cookie);
  if (!status.startsWith('HTTP/1.1 201') || valueOf('location')?.startsWith('/menus/') !== true) return;
  state.set('$menu', valueOf('location')!);
  state.set('$tag', valueOf('etag')!);
}

/** Replaces ids, instants and cookies, which differ from one application to another. */
function normalise({ status, headers, body }: Answer): Answer {
  return { status, headers: headers.map(withoutIds).map(withoutCookie), body: withoutIds(body) };
}

function withoutIds(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uuid>')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<instant>');
}

function withoutCookie(header: string): string {
  return header.replace(/^(set-cookie: [^=]+=)[^;]+/, '$1<value>').replace(/Expires=[^;]+/, 'Expires=<time>');
}

function preflight(origin: string): Record<string, string> {
  return { Origin: origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' };
}

function chunked(body: string): string {
  return `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}
