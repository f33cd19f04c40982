import { invalidFields, sql } from '../support/auth.js';
import { countHashesDuring } from '../support/hashing.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('auth', () => {
  let app: TestApp;
  let emails = 0;

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  const newEmail = (): string => `guest-${(emails += 1)}@cafe.example`;
  const signUp = (body: object) => app.client().post('/auth/signup', body);

  describe('POST /auth/signup', () => {
    it('returns the member without a password hash, and sets no cookie', async () => {
      const email = newEmail();
      const { status, body, headers } = await signUp({ email, password: 'a flat white, please', name: ' 바리스타 ' });
      expect(status).toBe(201);
      expect(body).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        email,
        name: '바리스타',
        role: 'member',
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      });
      expect(headers.getSetCookie()).toEqual([]);
      expect(headers.get('cache-control')).toBe('no-store');
    });

    it('returns null for a missing name', async () => {
      const { body } = await signUp({ email: newEmail(), password: 'a flat white, please' });
      expect(body.name).toBeNull();
    });

    it('compares e-mails without case in any script, and stores them as entered', async () => {
      const first = await signUp({ email: ' ÉMILE@Cafe.Example ', password: 'a flat white, please' });
      expect(first.body.email).toBe('ÉMILE@Cafe.Example');
      const second = await signUp({ email: 'émile@café.example', password: 'a flat white, please' });
      expect(second.status).toBe(201);
      const third = await signUp({ email: 'e\u0301mile@cafe.example', password: 'a flat white, please' });
      expect(third.status).toBe(409);
      expect(third.body.code).toBe('auth.email-taken');
    });

    it('accepts one of several concurrent sign-ups with the same e-mail', async () => {
      const email = newEmail();
      const responses = await Promise.all(
        Array.from({ length: 6 }, () => signUp({ email, password: 'a flat white, please' })),
      );
      expect(responses.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    });

    it.each([
      ['an id', { id: 'mine' }, 'body.id'],
      ['a role', { role: 'admin' }, 'body.role'],
      ['null for a name', { name: null }, 'body.name'],
      ['an empty name', { name: '  ' }, 'body.name'],
      ['a name that is too long', { name: '🍵'.repeat(101) }, 'body.name'],
      ['a number for a name', { name: 7 }, 'body.name'],
      ['no e-mail', { email: undefined }, 'body.email'],
      ['an e-mail without a domain', { email: 'barista' }, 'body.email'],
      ['a list of e-mails', { email: ['a@cafe.example'] }, 'body.email'],
      ['an e-mail that is too long', { email: `${'a'.repeat(60)}@${'b.'.repeat(100)}example` }, 'body.email'],
      ['NUL in an e-mail', { email: 'a\0@cafe.example' }, 'body.email'],
      ['a password of 7 characters', { password: '🍵'.repeat(7) }, 'body.password'],
      ['a password that is too long', { password: 'x'.repeat(1025) }, 'body.password'],
      ['a lone surrogate in a password', { password: 'a flat white\ud800' }, 'body.password'],
      ['an empty password', { password: '' }, 'body.password'],
    ])('rejects %s', async (_, change, field) => {
      const { status, body } = await signUp({ email: newEmail(), password: 'a flat white, please', ...change });
      expect(status).toBe(422);
      expect(invalidFields(body)).toEqual([field]);
    });

    it('validates 100 kB in a field in linear time', async () => {
      const long = 'a@'.repeat(50_000);
      const bodies = [
        { email: long, password: 'a flat white, please' },
        { email: `${'a'.repeat(100_000)}@cafe.example`, password: long },
        { email: newEmail(), password: '\u0301\u0316'.repeat(25_000), name: ' '.repeat(100_000) },
      ];
      // A pattern of quadratic time would take minutes.
      const started = performance.now();
      for (const body of bodies) expect((await signUp(body)).status).toBe(422);
      expect(performance.now() - started).toBeLessThan(2_000);
    });

    it('keeps every character of a password', async () => {
      const email = newEmail();
      const password = ` ${'🍵'.repeat(1_000)} é! `;
      expect((await signUp({ email, password })).status).toBe(201);
      const logIn = async (attempt: string) =>
        (await app.client().post('/auth/login', { email, password: attempt })).status;
      expect(await logIn(password)).toBe(200);
      expect(await logIn(password.replace('é', 'e\u0301'))).toBe(200);
      expect(await logIn(password.trim())).toBe(401);
      expect(await logIn(password.slice(0, -1))).toBe(401);
    });

    it('stores an argon2id hash with its parameters', async () => {
      const email = newEmail();
      await signUp({ email, password: 'a flat white, please' });
      const query = `SELECT "passwordHash" FROM member WHERE email = '${email}'`;
      const [row] = await sql<{ passwordHash: string }>(app, query);
      expect(row?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    });

    it('accepts JSON only', async () => {
      const raw = 'email=a@cafe.example&password=a flat white, please';
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      expect((await app.client().request('POST', '/auth/signup', { raw, headers })).status).toBe(415);
      const broken = { raw: '{"email":', headers: { 'content-type': 'application/json' } };
      expect((await app.client().request('POST', '/auth/signup', broken)).status).toBe(400);
    });
  });

  describe('POST /auth/login', () => {
    it('returns the member, and sets an HttpOnly cookie with SameSite=Lax', async () => {
      const email = newEmail();
      const { body: member } = await signUp({ email, password: 'a flat white, please' });
      const client = app.client();
      const response = await client.post('/auth/login', {
        email: email.toUpperCase(),
        password: 'a flat white, please',
      });
      expect(response.status).toBe(200);
      expect(response.body).toEqual(member);
      expect(response.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^barista\.sid=s%3A[\w-]{22,}\.[^;]+; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      const me = await client.get('/auth/me');
      expect(me.status).toBe(200);
      expect(me.body).toEqual(member);
      expect(me.headers.getSetCookie()).toEqual([]);
    });

    it('gives the same response to a wrong password and an unknown e-mail, after the same number of hashes', async () => {
      const email = newEmail();
      await signUp({ email, password: 'a flat white, please' });
      const responses: object[] = [];
      const logIn = async (tried: string): Promise<void> => {
        const { status, body } = await app.client().post('/auth/login', { email: tried, password: 'wrong' });
        responses.push({ ...body, status, requestId: undefined });
      };
      expect(await countHashesDuring(() => logIn(email))).toBe(1);
      expect(await countHashesDuring(() => logIn('nobody@cafe.example'))).toBe(1);
      expect(responses[0]).toMatchObject({ status: 401, code: 'auth.bad-credentials' });
      expect(responses[1]).toEqual(responses[0]);
    });

    it('rejects an invalid body, and names the field', async () => {
      const { status, body } = await app
        .client()
        .post('/auth/login', { email: 'barista@cafe.example', password: 12345678 });
      expect(status).toBe(422);
      expect(invalidFields(body)).toEqual(['body.password']);
    });
  });

  describe('GET /auth/me', () => {
    it('requires a login', async () => {
      const { status, headers, body } = await app.client().get('/auth/me');
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe('Bearer');
      expect(body.code).toBe('auth.required');
      expect(headers.getSetCookie()).toEqual([]);
    });

    it('rejects query parameters', async () => {
      const client = app.client();
      await client.signUpAndLogIn();
      expect((await client.get('/auth/me?verbose=1')).status).toBe(422);
    });
  });

  describe('POST /auth/logout', () => {
    it('ends the session on the server, and clears the cookie', async () => {
      const client = app.client();
      await client.signUpAndLogIn();
      const copy = app.client().copyCookiesFrom(client);
      const response = await client.post('/auth/logout');
      expect(response.status).toBe(204);
      expect(client.cookies.size).toBe(0);
      expect((await copy.get('/auth/me')).status).toBe(401);
    });

    it('answers 204 without a login', async () => {
      expect((await app.client().post('/auth/logout')).status).toBe(204);
      const stale = { headers: { cookie: 'barista.sid=s%3Aunknown.signature' } };
      expect((await app.client().post('/auth/logout', undefined, stale)).status).toBe(204);
    });
  });

  it('refuses cross-site writes that carry the cookie', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    const logOut = async (headers: Record<string, string>) =>
      (await client.post('/auth/logout', undefined, { headers })).status;
    expect(await logOut({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await logOut({ origin: 'https://elsewhere.example' })).toBe(403);
    expect((await client.get('/auth/me')).status).toBe(200);
    expect(await logOut({ 'sec-fetch-site': 'same-origin' })).toBe(204);
  });
});
