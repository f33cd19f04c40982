import { randomBytes } from 'node:crypto';
import { logInAgain } from '../../support/auth.js';
import type { ClientResponse, Client } from '../../support/client.js';
import { addMenu } from '../../support/menus.js';
import { sendVerbatim } from '../../support/send-verbatim.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

const CREDENTIALS = { email: 'barista@cafe.example', password: 'a flat white, please' };
const JSON_TYPE = { 'content-type': 'application/json' };

type Ask = (client: Client) => Promise<ClientResponse>;

/** Responses of every kind, with the requests that cause them. */
const ANSWERS: readonly [what: string, status: number, ask: Ask][] = [
  ['a page', 200, (client) => client.get('/')],
  ['the API page', 200, (client) => client.get('/docs')],
  ['its script', 200, (client) => client.get('/docs/start.js')],
  ['a file', 200, (client) => client.get('/assets/theme.css')],
  ['a file of Swagger UI', 200, (client) => client.get('/docs/assets/swagger-ui.css')],
  ['the document', 200, (client) => client.get('/openapi.json')],
  ['an object', 200, (client) => client.get('/health/live')],
  ['a list', 200, (client) => client.get('/menus')],
  ['figures', 200, (client) => client.get('/metrics')],
  ['tensors', 200, (client) => client.get('/v2/models/iris')],
  ['nothing', 204, (client) => client.post('/auth/logout')],
  ['methods', 204, (client) => client.request('OPTIONS', '/menus')],
  ['a head', 200, (client) => client.request('HEAD', '/menus')],
  ['malformed', 400, (client) => client.request('POST', '/auth/login', { raw: '{', headers: JSON_TYPE })],
  ['not logged in', 401, (client) => client.get('/auth/me')],
  [
    'cross-site',
    403,
    (client) => client.post('/auth/logout', undefined, { headers: { cookie: 'a=b', origin: 'null' } }),
  ],
  ['not there', 404, (client) => client.get('/nothing-here')],
  ['no file', 404, (client) => client.get('/assets/nothing.css')],
  ['a folder', 404, (client) => client.get('/docs/assets')],
  ['no such model', 404, (client) => client.get('/v2/models/rose')],
  ['another method', 405, (client) => client.delete('/menus')],
  ['too large', 413, (client) => client.post('/auth/login', { email: 'x'.repeat(1_100_000) })],
  ['another type', 415, (client) => client.request('POST', '/auth/login', { raw: 'x' })],
  ['another state of the file', 412, (client) => client.get('/assets/theme.css', { headers: { 'if-match': '"x"' } })],
  [
    'not a part of the file',
    416,
    (client) => client.get('/assets/theme.css', { headers: { range: 'bytes=9999999-' } }),
  ],
  ['invalid', 422, (client) => client.post('/auth/login', {})],
];

describe.each([
  ['in production', 'production', 'max-age=31536000; includeSubDomains'],
  ['outside of production', 'test', null],
])('the security headers %s', (_, environment, transport) => {
  let app: TestApp;

  beforeAll(async () => {
    const production = { SESSION_SECRET: randomBytes(33).toString('base64'), METRICS_TOKEN: '', DOCS: 'true' };
    app = await startTestApp({ ...production, NODE_ENV: environment, TRUST_PROXY: '1' });
  });

  afterAll(() => app.close());

  const kinds = ANSWERS.filter(([what]) => environment !== 'production' || what !== 'figures');

  it.each(kinds)('are set on the response: %s (%i)', async (_what, status, ask) => {
    const { headers, status: answered } = await ask(app.client());
    expect(answered).toBe(status);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy.split(';')).toEqual(expect.arrayContaining(["default-src 'none'", "frame-ancestors 'none'"]));
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toBe(transport);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-request-id')).not.toBeNull();
  });
});

describe('the response to a method that no route has', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  it.each([
    ['TRACE', '/'],
    ['TRACE', '/auth/me'],
    ['TRACE', '/nothing-here'],
    ['PROPFIND', '/menus'],
    ['PATCH', '/predict'],
    ['DELETE', '/v2/models/iris/infer'],
  ])('is an error that names the allowed methods and does not echo the request: %s %s', async (method, path) => {
    const answer = await sendVerbatim(app.url, { method, path, headers: { 'x-secret': 'mirrored' } });
    const isThere = path !== '/nothing-here';
    expect(answer.status).toBe(isThere || method === 'TRACE' ? 405 : 404);
    expect(answer.headers.allow).toMatch(isThere ? /OPTIONS/ : /^$/);
    expect(answer.text).not.toContain('mirrored');
  });
});

describe('the headers for browser caches and cookies', () => {
  let app: TestApp;
  let client: Client;
  let member: { email: string; password: string };

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    client = app.client();
    member = await client.signUpAndLogIn();
  });

  const clearing = ({ headers }: ClientResponse): string | null => headers.get('clear-site-data');

  it('forbid browsers to cache a personal response', async () => {
    const { id } = await addMenu(client, { name: 'Americano' });
    const answers = [
      await client.post('/auth/signup', CREDENTIALS),
      await client.get('/auth/me'),
      await client.get('/auth/sessions'),
      await client.post('/auth/api-keys', { name: 'till' }),
      await client.get('/auth/api-keys'),
      await client.patch(`/menus/${id}`, { price: 1 }),
      await client.post('/models/demand/predict', { menuId: id }),
      await client.post('/auth/login', member),
      await client.get('/nothing-here'),
    ];
    for (const { headers } of answers) expect(headers.get('cache-control')).toBe('no-store');
  });

  it('let browsers revalidate the files of pages, and cache the files of the documentation for a day', async () => {
    for (const [path, seconds] of [
      ['/assets/theme.css', 0],
      ['/docs/assets/swagger-ui.css', 86_400],
    ] as const) {
      const { headers } = await client.get(path);
      expect(headers.get('cache-control')).toBe(`public, max-age=${seconds}`);
    }
  });

  it('clear cookies and storage at logout', async () => {
    expect(clearing(await client.post('/auth/logout'))).toBe('"cookies", "storage"');
  });

  it('clear cookies and storage when a member deletes the account', async () => {
    expect(clearing(await client.delete('/auth/me', { password: 'wrong' }))).toBeNull();
    expect(clearing(await client.delete('/auth/me', { password: member.password }))).toBe('"cookies", "storage"');
  });

  it('clear cookies and storage when a session ends itself, not when it ends another session', async () => {
    const phone = await logInAgain(app.client(), member);
    const { body } = await client.get('/auth/sessions');
    const idOf = (isCurrent: boolean): string => {
      return body.items.find(({ current }: { current: boolean }) => current === isCurrent).id as string;
    };
    expect(clearing(await client.delete(`/auth/sessions/${idOf(false)}`))).toBeNull();
    expect((await phone.get('/auth/me')).status).toBe(401);
    expect(clearing(await client.delete(`/auth/sessions/${idOf(true)}`))).toBe('"cookies", "storage"');
  });

  it('do not clear cookies after a logout without a cookie, which another site may have sent', async () => {
    const answer = await app.client().post('/auth/logout', undefined, { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(answer.status).toBe(204);
    expect(clearing(answer)).toBeNull();
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});
