import { countRows, sql } from '../support/auth.js';
import type { ClientResponse } from '../support/client.js';
import { BROWSER_HEADERS, visibleText, fieldValue } from '../support/markup.js';
import { sendVerbatim } from '../support/send-verbatim.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const PASSWORD = 'a flat white, please';
const HTML = { headers: BROWSER_HEADERS };
const FORM_TYPE = 'application/x-www-form-urlencoded';

describe('the pages to sign up and log in', () => {
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

  function expectPage(answer: ClientResponse, status: number, title: string): void {
    expect({ status: answer.status, text: answer.text.slice(0, 15) }).toEqual({ status, text: '<!doctype html>' });
    expect(/<title>(.*)<\/title>/.exec(answer.text)?.[1]).toBe(`${title} – Barista`);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }

  describe('by a form', () => {
    it('make a member and log them in at once', async () => {
      const client = app.client();
      const email = newEmail();
      expectPage(await client.get('/signup'), 200, 'Sign up');
      const answer = await client.submit('/signup', { email, name: '', password: PASSWORD });
      expect({ status: answer.status, to: locationOf(answer) }).toEqual({ status: 303, to: '/account?done=signup' });
      expect((await client.get('/auth/me')).body).toMatchObject({ email, name: null });
      const account = await client.get('/account?done=signup');
      expectPage(account, 200, 'Your account');
      expect(visibleText(account.text)).toContain('Welcome: you are a member now.');
      expect(account.headers.get('vary')).toMatch(/\bCookie\b/);
    });

    it('log a member in, with a session of their own, and out', async () => {
      const client = app.client();
      const email = await newMember();
      const answer = await client.submit('/login', { email: ` ${email.toUpperCase()} `, password: PASSWORD });
      expect({ status: answer.status, to: locationOf(answer) }).toEqual({ status: 303, to: '/account' });
      expect(answer.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^barista\.sid=s%3A[^;]+; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      const out = await client.submit('/logout');
      expect({ status: out.status, to: locationOf(out) }).toEqual({ status: 303, to: '/login?reason=logout' });
      expect(client.cookies.size).toBe(0);
      expect(visibleText((await client.get('/login?reason=logout')).text)).toContain('You are logged out.');
    });

    it('give a session a new id, and end the one that was there', async () => {
      const client = app.client();
      const email = await newMember();
      await client.submit('/login', { email, password: PASSWORD });
      const before = client.cookies.get('barista.sid')!;
      await client.submit('/login', { email, password: PASSWORD });
      expect(client.cookies.get('barista.sid')).not.toBe(before);
      const old = await app.client().get('/auth/me', { headers: { cookie: `barista.sid=${before}` } });
      expect(old.status).toBe(401);
    });

    it('say what is wrong at the field, keep what was typed, and never the password', async () => {
      const sent = { email: '"><b>nobody</b>', name: '<i>Ada</i>', password: 'short' };
      const answer = await app.client().submit('/signup', sent);
      expectPage(answer, 422, 'Error: Sign up');
      expect(answer.text).not.toContain('<b>nobody');
      expect(fieldValue(answer.text, 'email')).toBe('&quot;&gt;&lt;b&gt;nobody&lt;/b&gt;');
      expect(fieldValue(answer.text, 'name')).toBe('&lt;i&gt;Ada&lt;/i&gt;');
      expect(fieldValue(answer.text, 'password')).toBe('');
      expect(answer.text).not.toContain('short');
      expect(answer.text).toContain('<a href="#email">E-mail must be an e-mail address of at most 254 characters</a>');
      expect(answer.text).toContain('<a href="#password">Password must be text of 8 to 1024 characters</a>');
      expect(answer.text).toMatch(/<input[^>]*id="email"[^>]*aria-describedby="email-error"[^>]*aria-invalid="true"/);
      expect(answer.text).toContain('id="email-error"');
    });

    it.each([
      [{}, ['E-mail is missing', 'Password is missing']],
      [{ email: '', password: '' }, ['E-mail is missing', 'Password is missing']],
      [{ email: 'a@cafe.example', password: PASSWORD, role: 'admin' }, ['role is not a known field']],
      [{ email: 'a@cafe.example', password: 'password1234' }, ['Password is among the first that are guessed']],
      [{ email: 'a@cafe.example', password: PASSWORD, constructor: 'x' }, ['constructor is not a known field']],
    ])('name everything that is wrong with %j', async (sent, expected) => {
      const before = await countRows(app, 'member');
      const answer = await app.client().submit('/signup', sent as Record<string, string>);
      expectPage(answer, 422, 'Error: Sign up');
      for (const words of expected) expect(visibleText(answer.text)).toContain(words);
      expect(await countRows(app, 'member')).toBe(before);
    });

    it('answer 409 where the e-mail is taken, at its field', async () => {
      const email = await newMember();
      const answer = await app.client().submit('/signup', { email, password: PASSWORD });
      expectPage(answer, 409, 'Error: Sign up');
      expect(answer.text).toMatch(/<a href="#email">There is a member with this e-mail already/);
      expect(fieldValue(answer.text, 'email')).toBe(email);
    });

    it('say the same of a wrong password and an unknown e-mail', async () => {
      const [known, unknown] = [await newMember(), newEmail()];
      const pages = [];
      for (const email of [known, unknown]) {
        const answer = await app.client().submit('/login', { email, password: 'a tea, if I must' });
        expectPage(answer, 401, 'Error: Log in');
        expect(answer.headers.getSetCookie()).toEqual([]);
        pages.push(answer.text.replaceAll(email, ''));
      }
      expect(visibleText(pages[0]!)).toContain('The e-mail or the password is wrong.');
      expect(pages[0]).toBe(pages[1]);
    });

    it('count failures together with those of the API, and say when to come again', async () => {
      const email = await newMember();
      const from = { headers: { 'x-forwarded-for': '203.0.113.77' } };
      for (let count = 0; count < 5; count += 1) {
        expect((await app.client().submit('/login', { email, password: 'x' }, from)).status).toBe(401);
        expect((await app.client().post('/auth/login', { email, password: 'x' }, from)).status).toBe(401);
      }
      const answer = await app.client().submit('/login', { email, password: PASSWORD }, from);
      expectPage(answer, 429, 'Error: Log in');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(visibleText(answer.text)).toMatch(/Too many attempts have failed\. Try again in \d+ seconds\./);
      expect((await app.client().post('/auth/login', { email, password: PASSWORD }, from)).status).toBe(429);
    });

    it('take forms alone, each field once', async () => {
      const raw = JSON.stringify({ email: newEmail(), password: PASSWORD });
      const json = { 'content-type': 'application/json' };
      const answer = await app.client().request('POST', '/login', { raw, headers: { ...json, ...HTML.headers } });
      expectPage(answer, 415, 'That did not work');
      const form = { 'content-type': FORM_TYPE };
      const twice = await app.client().request('POST', '/login', { raw: 'email=a&email=b', headers: form });
      expect(twice).toMatchObject({ status: 422, body: { errors: [{ location: ['body', 'email'] }] } });
      const broken = await app.client().request('POST', '/login', { raw: 'email=%ff', headers: form });
      expect(broken.status).toBe(400);
    });
  });

  describe('go on to a path of ours', () => {
    it('after a login, and after a detour to sign up', async () => {
      const email = await newMember();
      const page = await app.client().get('/login?next=/models/iris%3Fversion=1');
      expect(page.text).toContain('action="/login?next=%2Fmodels%2Firis%3Fversion%3D1"');
      expect(page.text).toContain('href="/signup?next=%2Fmodels%2Firis%3Fversion%3D1"');
      const answer = await app
        .client()
        .submit('/login?next=%2Fmodels%2Firis%3Fversion%3D1', { email, password: PASSWORD });
      expect(locationOf(answer)).toBe('/models/iris?version=1');
      const joined = await app.client().submit('/signup?next=/menus', { email: newEmail(), password: PASSWORD });
      expect(locationOf(joined)).toBe('/menus');
    });

    it('is still known after a failure', async () => {
      const answer = await app.client().submit('/login?next=/menus', { email: newEmail(), password: PASSWORD });
      expect(answer.text).toContain('action="/login?next=%2Fmenus"');
    });

    it.each([
      '//elsewhere.example',
      '/\\elsewhere.example',
      'https://elsewhere.example/',
      '/.//elsewhere.example',
      'javascript:alert(1)',
      '/\t/elsewhere.example',
      '/x\r\nSet-Cookie: stolen=1',
    ])('and to no other: %j', async (next) => {
      const query = new URLSearchParams({ next }).toString();
      expect((await app.client().get(`/login?${query}`)).text).not.toMatch(/elsewhere|javascript|stolen/);
      const answer = await app.client().submit(`/login?${query}`, { email: await newMember(), password: PASSWORD });
      expect({ status: answer.status, to: locationOf(answer) }).toEqual({ status: 303, to: '/account' });
    });
  });

  describe('take forms from our own pages alone', () => {
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

    it.each(POSTS)('%s, with a cookie and without', async (path) => {
      const body = new URLSearchParams({ email: await newMember(), password: PASSWORD }).toString();
      const before = await countRows(app, 'session');
      for (const foreign of FOREIGN) {
        for (const cookie of [{}, { cookie: 'theme=dark' }] as Record<string, string>[]) {
          const headers = { 'content-type': FORM_TYPE, ...HTML.headers, ...foreign, ...cookie };
          const answer = await sendVerbatim(app.url, { method: 'POST', path, headers, body });
          // An allowed origin may use the API with the member's cookie; nobody may send our forms.
          expect({ ...headers, status: answer.status }).toEqual({ ...headers, status: 403 });
          expect(answer.text).toContain('That is not allowed');
        }
      }
      expect(await countRows(app, 'session')).toBe(before);
    });

    it('and from what is no browser', async () => {
      const own: Record<string, string>[] = [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, {}];
      for (const headers of [...own, { origin: app.url }]) {
        const answer = await app
          .client()
          .submit('/login', { email: await newMember(), password: PASSWORD }, { headers });
        expect({ headers, status: answer.status }).toEqual({ headers, status: 303 });
      }
    });
  });

  it('say in the navigation who looks', async () => {
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

  it('tell who brings a session that is over', async () => {
    const client = app.client();
    const { id } = await client.signUpAndLogIn();
    await sql(app, `DELETE FROM session WHERE "memberId" = '${id}'`);
    const answer = await client.get('/account', HTML);
    expect({ status: answer.status, to: locationOf(answer) }).toEqual({ status: 303, to: '/login?next=%2Faccount' });
    expect(visibleText((await client.get(locationOf(answer)!)).text)).toContain('Your session is over. Log in again.');
    const sent = await client.submit('/account/password', { currentPassword: 'x', newPassword: 'y' }, HTML);
    expect({ status: sent.status, to: locationOf(sent) }).toEqual({ status: 303, to: '/login?next=%2Faccount' });
  });
});

describe('the pages in production', () => {
  const TLS = { headers: { 'x-forwarded-proto': 'https' } };
  let app: TestApp;

  beforeAll(async () => {
    const secret = 'kQ3v9T7pXw2Zb8Lr5Yd1Ns6Mf4Hj0GcAe';
    app = await startTestApp({ NODE_ENV: 'production', SESSION_SECRET: secret, TRUST_PROXY: '1' });
  });

  afterAll(() => app.close());

  it('log in over TLS, with a cookie for TLS alone', async () => {
    const client = app.client();
    const answer = await client.submit('/signup', { email: 'ada@cafe.example', password: PASSWORD }, TLS);
    expect(answer.status).toBe(303);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-barista\.sid=s%3A[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    expect((await client.get('/account', TLS)).status).toBe(200);
    expect((await client.get('/login', TLS)).text).not.toContain('HTTPS');
  });

  it('say in words that nobody is logged in without it, before a password is sent and after', async () => {
    expect(visibleText((await app.client().get('/login')).text)).toContain('This page did not come over HTTPS');
    const before = await countRows(app, 'member');
    for (const path of ['/login', '/signup']) {
      const answer = await app.client().submit(path, { email: 'bo@cafe.example', password: PASSWORD });
      expect(answer.status).toBe(400);
      expect(visibleText(answer.text)).toContain('Logging in needs HTTPS');
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect(await countRows(app, 'member')).toBe(before);
  });
});
