import { countRows, sql } from '../support/auth.js';
import type { ClientResponse } from '../support/client.js';
import { BROWSER_HEADERS, visibleText, fieldValue } from '../support/markup.js';
import { sendVerbatim } from '../support/send-verbatim.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const PASSWORD = 'a flat white, please';
const HTML = { headers: BROWSER_HEADERS };
const FORM_TYPE = 'application/x-www-form-urlencoded';

describe('login and sign-up pages', () => {
  let app: TestApp;
  let names = 0;

  beforeAll(async () => {
    app = await startTestApp({ TRUST_PROXY: '1', CORS_ORIGINS: 'https://shop.cafe.example' });
  });

  afterAll(() => app.close());

  const newEmail = (): string => `guest-${(names += 1)}@cafe.example`;
  const locationOf = ({ headers }: ClientResponse): string | null => headers.get('location');

  async function newMember(): Promise<string> {
    const email = newEmail();
    expect((await app.client().post('/auth/signup', { email, password: PASSWORD })).status).toBe(201);
    return email;
  }

  function expectPage(response: ClientResponse, status: number, title: string): void {
    expect({ status: response.status, text: response.text.slice(0, 15) }).toEqual({ status, text: '<!doctype html>' });
    expect(/<title>(.*)<\/title>/.exec(response.text)?.[1]).toBe(`${title} – Barista`);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
  }

  describe('forms', () => {
    it('signs up and logs in with one form', async () => {
      const client = app.client();
      const email = newEmail();
      expectPage(await client.get('/signup'), 200, 'Sign up');
      const response = await client.submit('/signup', { email, name: '', password: PASSWORD });
      expect({ status: response.status, to: locationOf(response) }).toEqual({
        status: 303,
        to: '/account?done=signup',
      });
      expect((await client.get('/auth/me')).body).toMatchObject({ email, name: null });
      const account = await client.get('/account?done=signup');
      expectPage(account, 200, 'Your account');
      expect(visibleText(account.text)).toContain('Welcome: you are a member now.');
      expect(account.headers.get('vary')).toMatch(/\bCookie\b/);
    });

    it('logs in and out', async () => {
      const client = app.client();
      const email = await newMember();
      const response = await client.submit('/login', { email: ` ${email.toUpperCase()} `, password: PASSWORD });
      expect({ status: response.status, to: locationOf(response) }).toEqual({ status: 303, to: '/account' });
      expect(response.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^barista\.sid=s%3A[^;]+; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      const out = await client.submit('/logout');
      expect({ status: out.status, to: locationOf(out) }).toEqual({ status: 303, to: '/login?reason=logout' });
      expect(client.cookies.size).toBe(0);
      expect(visibleText((await client.get('/login?reason=logout')).text)).toContain('You are logged out.');
    });

    it('gives a new session id at a login, and ends the old session', async () => {
      const client = app.client();
      const email = await newMember();
      await client.submit('/login', { email, password: PASSWORD });
      const before = client.cookies.get('barista.sid')!;
      await client.submit('/login', { email, password: PASSWORD });
      expect(client.cookies.get('barista.sid')).not.toBe(before);
      const old = await app.client().get('/auth/me', { headers: { cookie: `barista.sid=${before}` } });
      expect(old.status).toBe(401);
    });

    it('shows errors at their fields, and keeps entered values except passwords', async () => {
      const sent = { email: '"><b>nobody</b>', name: '<i>Ada</i>', password: 'short' };
      const response = await app.client().submit('/signup', sent);
      expectPage(response, 422, 'Error: Sign up');
      expect(response.text).not.toContain('<b>nobody');
      expect(fieldValue(response.text, 'email')).toBe('&quot;&gt;&lt;b&gt;nobody&lt;/b&gt;');
      expect(fieldValue(response.text, 'name')).toBe('&lt;i&gt;Ada&lt;/i&gt;');
      expect(fieldValue(response.text, 'password')).toBe('');
      expect(response.text).not.toContain('short');
      expect(response.text).toContain(
        '<a href="#email">E-mail must be an e-mail address of at most 254 characters</a>',
      );
      expect(response.text).toContain('<a href="#password">Password must be text of 8 to 1024 characters</a>');
      expect(response.text).toMatch(/<input[^>]*id="email"[^>]*aria-describedby="email-error"[^>]*aria-invalid="true"/);
      expect(response.text).toContain('id="email-error"');
    });

    it.each([
      [{}, ['E-mail is missing', 'Password is missing']],
      [{ email: '', password: '' }, ['E-mail is missing', 'Password is missing']],
      [{ email: 'a@cafe.example', password: PASSWORD, role: 'admin' }, ['role is not a known field']],
      [{ email: 'a@cafe.example', password: 'password1234' }, ['Password is among the first that are guessed']],
      [{ email: 'a@cafe.example', password: PASSWORD, constructor: 'x' }, ['constructor is not a known field']],
    ])('shows all errors of %j', async (sent, expected) => {
      const before = await countRows(app, 'member');
      const response = await app.client().submit('/signup', sent as Record<string, string>);
      expectPage(response, 422, 'Error: Sign up');
      for (const words of expected) expect(visibleText(response.text)).toContain(words);
      expect(await countRows(app, 'member')).toBe(before);
    });

    it('answers 409 for an e-mail that is taken, and shows the error at its field', async () => {
      const email = await newMember();
      const response = await app.client().submit('/signup', { email, password: PASSWORD });
      expectPage(response, 409, 'Error: Sign up');
      expect(response.text).toMatch(/<a href="#email">There is a member with this e-mail already/);
      expect(fieldValue(response.text, 'email')).toBe(email);
    });

    it('shows the same page for a wrong password and an unknown e-mail', async () => {
      const [known, unknown] = [await newMember(), newEmail()];
      const pages = [];
      for (const email of [known, unknown]) {
        const response = await app.client().submit('/login', { email, password: 'a tea, if I must' });
        expectPage(response, 401, 'Error: Log in');
        expect(response.headers.getSetCookie()).toEqual([]);
        pages.push(response.text.replaceAll(email, ''));
      }
      expect(visibleText(pages[0]!)).toContain('The e-mail or the password is wrong.');
      expect(pages[0]).toBe(pages[1]);
    });

    it('counts failures together with those of the API, and sends Retry-After', async () => {
      const email = await newMember();
      const from = { headers: { 'x-forwarded-for': '203.0.113.77' } };
      for (let count = 0; count < 5; count += 1) {
        expect((await app.client().submit('/login', { email, password: 'x' }, from)).status).toBe(401);
        expect((await app.client().post('/auth/login', { email, password: 'x' }, from)).status).toBe(401);
      }
      const response = await app.client().submit('/login', { email, password: PASSWORD }, from);
      expectPage(response, 429, 'Error: Log in');
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(visibleText(response.text)).toMatch(/Too many attempts have failed\. Try again in \d+ seconds\./);
      expect((await app.client().post('/auth/login', { email, password: PASSWORD }, from)).status).toBe(429);
    });

    it('accepts forms only, with each field once', async () => {
      const raw = JSON.stringify({ email: newEmail(), password: PASSWORD });
      const json = { 'content-type': 'application/json' };
      const response = await app.client().request('POST', '/login', { raw, headers: { ...json, ...HTML.headers } });
      expectPage(response, 415, 'That did not work');
      const form = { 'content-type': FORM_TYPE };
      const twice = await app.client().request('POST', '/login', { raw: 'email=a&email=b', headers: form });
      expect(twice).toMatchObject({ status: 422, body: { errors: [{ location: ['body', 'email'] }] } });
      const broken = await app.client().request('POST', '/login', { raw: 'email=%ff', headers: form });
      expect(broken.status).toBe(400);
    });
  });

  describe('redirect after login', () => {
    it('goes to the path in next, after a login or a sign-up', async () => {
      const email = await newMember();
      const page = await app.client().get('/login?next=/models/iris%3Fversion=1');
      expect(page.text).toContain('action="/login?next=%2Fmodels%2Firis%3Fversion%3D1"');
      expect(page.text).toContain('href="/signup?next=%2Fmodels%2Firis%3Fversion%3D1"');
      const response = await app
        .client()
        .submit('/login?next=%2Fmodels%2Firis%3Fversion%3D1', { email, password: PASSWORD });
      expect(locationOf(response)).toBe('/models/iris?version=1');
      const joined = await app.client().submit('/signup?next=/menus', { email: newEmail(), password: PASSWORD });
      expect(locationOf(joined)).toBe('/menus');
    });

    it('keeps next after a failed login', async () => {
      const response = await app.client().submit('/login?next=/menus', { email: newEmail(), password: PASSWORD });
      expect(response.text).toContain('action="/login?next=%2Fmenus"');
    });

    it.each([
      '//elsewhere.example',
      '/\\elsewhere.example',
      'https://elsewhere.example/',
      '/.//elsewhere.example',
      'javascript:alert(1)',
      '/\t/elsewhere.example',
      '/x\r\nSet-Cookie: stolen=1',
    ])('ignores an unsafe next: %j', async (next) => {
      const query = new URLSearchParams({ next }).toString();
      expect((await app.client().get(`/login?${query}`)).text).not.toMatch(/elsewhere|javascript|stolen/);
      const response = await app.client().submit(`/login?${query}`, { email: await newMember(), password: PASSWORD });
      expect({ status: response.status, to: locationOf(response) }).toEqual({ status: 303, to: '/account' });
    });
  });

  describe('cross-site protection of forms', () => {
    const FOREIGN: readonly Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' },
      { 'sec-fetch-site': '' },
      { origin: 'https://elsewhere.example' },
      { origin: 'null' },
      { origin: 'https://shop.cafe.example' },
    ];
    const POSTS = ['/login', '/signup', '/logout', '/account/password', '/account/api-keys', '/account/withdrawal'];

    it.each(POSTS)('rejects forms from other sites at %s, with a cookie and without', async (path) => {
      const body = new URLSearchParams({ email: await newMember(), password: PASSWORD }).toString();
      const before = await countRows(app, 'session');
      for (const foreign of FOREIGN) {
        for (const cookie of [{}, { cookie: 'theme=dark' }] as Record<string, string>[]) {
          const headers = { 'content-type': FORM_TYPE, ...HTML.headers, ...foreign, ...cookie };
          const response = await sendVerbatim(app.url, { method: 'POST', path, headers, body });
          // An origin in CORS_ORIGINS may use the API with the cookie, but may not submit our forms.
          expect({ ...headers, status: response.status }).toEqual({ ...headers, status: 403 });
          expect(response.text).toContain('That is not allowed');
        }
      }
      expect(await countRows(app, 'session')).toBe(before);
    });

    it('accepts forms from our own pages and from clients that are no browsers', async () => {
      const own: Record<string, string>[] = [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, {}];
      for (const headers of [...own, { origin: app.url }]) {
        const response = await app
          .client()
          .submit('/login', { email: await newMember(), password: PASSWORD }, { headers });
        expect({ headers, status: response.status }).toEqual({ headers, status: 303 });
      }
    });
  });

  it('shows links by login state in the navigation', async () => {
    const client = app.client();
    for (const path of ['/', '/login', '/signup']) {
      const { text, headers } = await client.get(path);
      expect(text).toMatch(/href="\/login"[^>]*>Log in<.*href="\/signup"[^>]*>Sign up</s);
      expect(text).not.toContain('action="/logout"');
      expect(headers.getSetCookie()).toEqual([]);
    }
    await client.signUpAndLogIn();
    for (const path of ['/', '/login', '/account']) {
      const { text, headers } = await client.get(path);
      expect(text).toMatch(/href="\/account"[^>]*>Account<.*action="\/logout"/s);
      expect(headers.get('vary')).toMatch(/\bCookie\b/);
    }
  });

  it('tells a viewer with an expired session to log in again', async () => {
    const client = app.client();
    const { id } = await client.signUpAndLogIn();
    await sql(app, `DELETE FROM session WHERE "memberId" = '${id}'`);
    const response = await client.get('/account', HTML);
    expect({ status: response.status, to: locationOf(response) }).toEqual({
      status: 303,
      to: '/login?next=%2Faccount',
    });
    expect(visibleText((await client.get(locationOf(response)!)).text)).toContain(
      'Your session is over. Log in again.',
    );
    const sent = await client.submit('/account/password', { currentPassword: 'x', newPassword: 'y' }, HTML);
    expect({ status: sent.status, to: locationOf(sent) }).toEqual({ status: 303, to: '/login?next=%2Faccount' });
  });
});

describe('login and sign-up pages in production', () => {
  const TLS = { headers: { 'x-forwarded-proto': 'https' } };
  let app: TestApp;

  beforeAll(async () => {
    const secret = 'kQ3v9T7pXw2Zb8Lr5Yd1Ns6Mf4Hj0GcAe';
    app = await startTestApp({ NODE_ENV: 'production', SESSION_SECRET: secret, TRUST_PROXY: '1' });
  });

  afterAll(() => app.close());

  it('logs in over TLS with a Secure cookie', async () => {
    const client = app.client();
    const response = await client.submit('/signup', { email: 'ada@cafe.example', password: PASSWORD }, TLS);
    expect(response.status).toBe(303);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-barista\.sid=s%3A[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    expect((await client.get('/account', TLS)).status).toBe(200);
    expect((await client.get('/login', TLS)).text).not.toContain('HTTPS');
  });

  it('explains that a login needs TLS, before and after the form is sent', async () => {
    expect(visibleText((await app.client().get('/login')).text)).toContain('This page did not come over HTTPS');
    const before = await countRows(app, 'member');
    for (const path of ['/login', '/signup']) {
      const response = await app.client().submit(path, { email: 'bo@cafe.example', password: PASSWORD });
      expect(response.status).toBe(400);
      expect(visibleText(response.text)).toContain('Logging in needs HTTPS');
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(await countRows(app, 'member')).toBe(before);
  });
});
