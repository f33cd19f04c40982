import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppModule } from '../../../src/app.module.js';
import { browserUnavailableReason, TestBrowser } from '../../support/browser.js';
import type { Client } from '../../support/client.js';
import { promote } from '../../support/menus.js';
import { OpenApiDocument } from '../../support/openapi-document.js';
import { describeUnless } from '../../support/describe-unless.js';
import { sendVerbatim } from '../../support/send-verbatim.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const ALLOWED = 'https://shop.cafe.example';
const ROW = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };
const FORM_TYPE = 'application/x-www-form-urlencoded';
const FORM = 'sepal_length=5.9&sepal_width=3.0&petal_length=5.1&petal_width=1.8';

/** Headers that browsers send with requests from a page of another site, or of another origin of the same site. */
const FOREIGN: readonly Record<string, string>[] = [
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' },
  { 'sec-fetch-site': 'cross-site', origin: 'null' },
  { 'sec-fetch-site': 'same-origin, cross-site' },
  { 'sec-fetch-site': '' },
  { origin: 'https://elsewhere.example' },
  { origin: 'null' },
  { origin: '' },
  { origin: `${ALLOWED}.elsewhere.example` },
  { origin: `${ALLOWED}:8443` },
  { origin: ALLOWED.replace('https', 'http') },
  { origin: `${ALLOWED}, https://elsewhere.example` },
];
const UNSAFE: readonly [method: string, path: string][] = [
  ['POST', '/auth/signup'],
  ['POST', '/auth/login'],
  ['POST', '/auth/logout'],
  ['DELETE', '/auth/me'],
  ['PATCH', '/menus/1'],
  ['POST', '/predict'],
  ['PUT', '/predict'],
  ['POST', '/models/iris/predict'],
  ['PUT', '/models/iris/default'],
  ['POST', '/v2/models/iris/infer'],
  ['POST', '/v2/repository/models/iris/unload'],
  ['POST', '/'],
  ['POST', '/assets/icon.svg'],
  ['POST', '/nothing-here'],
];
const REFUSED = 'A request that changes something and carries a cookie must come from this site or an allowed origin.';
/** Cookie headers: a session, a foreign cookie, and a malformed one. */
const COOKIES = ['barista.sid=s%3Aabc.def', 'theme=dark', '=;;,"', ''];

describe('protection against cross-site requests', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ CORS_ORIGINS: `https://till.cafe.example,${ALLOWED}` });
  });

  afterAll(() => app.close());

  it.each(UNSAFE)('rejects a cross-site write that carries a cookie: %s %s', async (method, path) => {
    const refusal = path.startsWith('/v2') ? { error: REFUSED } : { code: 'request.cross-site', detail: REFUSED };
    for (const foreign of FOREIGN) {
      for (const cookie of COOKIES) {
        const answer = await sendVerbatim(app.url, { method, path, headers: { ...foreign, cookie } });
        expect({ ...foreign, cookie, status: answer.status }).toEqual({ ...foreign, cookie, status: 403 });
        expect(JSON.parse(answer.text)).toMatchObject(refusal);
      }
    }
  });

  it('accepts writes from our own pages, from allowed origins, and from clients that are not browsers', async () => {
    const own = [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, { origin: app.url }];
    const allowed = [{ origin: ALLOWED }, { 'sec-fetch-site': 'cross-site', origin: ALLOWED }];
    for (const headers of [...own, ...allowed, {}] as Record<string, string>[]) {
      const answer = await app.client().post('/predict', ROW, { headers: { ...headers, cookie: 'theme=dark' } });
      expect({ headers, status: answer.status }).toEqual({ headers, status: 200 });
    }
  });

  it('recognises its own origin behind a proxy that terminates TLS', async () => {
    const settings = { NODE_ENV: 'production', SESSION_SECRET: 'kQ3v9T7pXw2Zb8Lr5Yd1Ns6Mf4Hj0GcAe', TRUST_PROXY: '1' };
    const production = await startTestApp(settings);
    const statusFrom = async (origin: string): Promise<number | undefined> => {
      const proxied = { host: 'cafe.example', 'x-forwarded-proto': 'https', cookie: 'theme=dark' };
      const headers = { ...proxied, origin, 'content-type': 'application/json' };
      const body = JSON.stringify(ROW);
      return (await sendVerbatim(production.url, { method: 'POST', path: '/predict', headers, body })).status;
    };
    expect(await statusFrom('https://cafe.example')).toBe(200);
    expect(await statusFrom('http://cafe.example')).toBe(403);
    await production.close();
  });

  it('accepts a cross-site form to /predict only without a cookie', async () => {
    const headers = { 'content-type': FORM_TYPE, 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' };
    const answer = await app.client().request('POST', '/predict', { raw: FORM, headers });
    expect(answer).toMatchObject({ status: 200, body: { result: [2] } });
    const withCookie = await app
      .client()
      .request('POST', '/predict', { raw: FORM, headers: { ...headers, cookie: 'a=b' } });
    expect(withCookie.status).toBe(403);
  });

  it('rejects a form or plain text where a handler expects JSON', async () => {
    const admin = app.client();
    await promote(app, (await admin.signUpAndLogIn()).id);
    const document = await OpenApiDocument.of(admin);
    const takingJson = document.operations.filter(({ requestBody }) => {
      return Object.keys(requestBody?.content ?? {}).join() === 'application/json';
    });
    const ours = takingJson.filter(({ path }) => !path.startsWith('/v2'));
    expect(ours.length).toBeGreaterThan(8);
    for (const operation of ours) {
      const raw = JSON.stringify(document.bodyExample(operation));
      for (const type of [FORM_TYPE, 'text/plain', 'multipart/form-data; boundary=x', 'application/json-seq', '']) {
        const headers = { 'content-type': type };
        const { status } = await admin.request(operation.method, document.address(operation), { raw, headers });
        expect({ path: operation.path, type, status }).toEqual({ path: operation.path, type, status: 415 });
      }
    }
  });

  describe('CORS', () => {
    const corsOf = ({ headers }: { headers: Headers }) => ({
      origin: headers.get('access-control-allow-origin'),
      credentials: headers.get('access-control-allow-credentials'),
      vary: headers.get('vary')?.split(/, */).includes('Origin'),
    });
    const ask = (client: Client, origin: string, method: string, path: string) =>
      client.request(method, path, { headers: { origin, 'access-control-request-method': 'PUT' } });

    it.each([
      ['GET', '/menus'],
      ['GET', '/nothing-here'],
      ['GET', '/assets/icon.svg'],
      ['POST', '/predict'],
      ['OPTIONS', '/menus/1'],
    ])('allows only the origins in CORS_ORIGINS to read the response: %s %s', async (method, path) => {
      const allowed = corsOf(await ask(app.client(), ALLOWED, method, path));
      expect(allowed).toEqual({ origin: ALLOWED, credentials: 'true', vary: true });
      for (const origin of ['https://elsewhere.example', 'null', `${ALLOWED}.elsewhere.example`]) {
        expect(corsOf(await ask(app.client(), origin, method, path))).toMatchObject({ origin: null, vary: true });
      }
    });

    it('allows no origin to read a response without CORS_ORIGINS', async () => {
      const other = await startTestApp();
      for (const [method, path] of [
        ['GET', '/menus'],
        ['OPTIONS', '/menus/1'],
      ] as const) {
        const { origin, credentials } = corsOf(await ask(other.client(), other.url, method, path));
        expect({ origin, credentials }).toEqual({ origin: null, credentials: null });
      }
      await other.close();
    });

    it.each(['*', 'null', 'shop.cafe.example', 'https://shop.cafe.example/', 'https://*.cafe.example'])(
      'rejects CORS_ORIGINS=%s at the start',
      (origins) => {
        expect(() => AppModule.forRoot({ CORS_ORIGINS: origins })).toThrow(/CORS_ORIGINS/);
      },
    );
  });
});

const describeWhereBrowser = describeUnless(browserUnavailableReason());

describeWhereBrowser('a page that attacks a logged-in member', () => {
  const browser = new TestBrowser();
  let app: TestApp;
  let page: Server;

  beforeAll(async () => {
    app = await startTestApp();
    page = createServer((_, response) => {
      const form = `<form method="post" action="${app.url}/auth/logout"><button>Win a coffee</button></form>`;
      response.setHeader('Content-Type', 'text/html').end(`<!doctype html>${form}`);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => page.once('listening', resolve));
    await browser.launch();
  });

  afterAll(async () => {
    await browser.close();
    await new Promise((resolve) => page.close(resolve));
    await app.close();
  });

  // For cookies, 127.0.0.1 and localhost are two sites, and two ports of one host are the same site.
  it.each([
    ['a page of another site', 'localhost'],
    ['a page of another origin of this site', '127.0.0.1'],
  ])('%s cannot log the member out or act as the member', async (_, host) => {
    const { page: tab } = await browser.newPage();
    const { request } = tab.context();
    const credentials = { email: `${host}@cafe.example`, password: 'a flat white, please' };
    const { id } = (await (await request.post(`${app.url}/auth/signup`, { data: credentials })).json()) as {
      id: string;
    };
    await promote(app, id);
    await request.post(`${app.url}/auth/login`, { data: credentials });
    expect(await tab.context().cookies()).toHaveLength(1);

    await tab.goto(`http://${host}:${(page.address() as AddressInfo).port}/`);
    const sent = ['/auth/logout', '/v2/repository/models/iris/unload', '/v2/repository/models/iris/load'];
    await tab.evaluate(
      async ({ urls }) => {
        const simple = { method: 'POST', mode: 'no-cors', credentials: 'include' } as const;
        // The page cannot read the response. The test only needs the request to be sent.
        for (const url of urls) await fetch(url, { ...simple, body: '{}' }).catch(() => undefined);
      },
      { urls: sent.map((path) => app.url + path) },
    );
    const answered = tab.waitForResponse(`${app.url}/auth/logout`);
    await tab.getByRole('button').click();
    await answered;

    expect(await tab.context().cookies()).toHaveLength(1);
    expect(await (await request.get(`${app.url}/auth/me`)).json()).toMatchObject({ id, role: 'admin' });
    expect((await fetch(`${app.url}/v2/models/iris/ready`)).status).toBe(200);
  });
});
