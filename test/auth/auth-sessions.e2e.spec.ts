import { Controller, Get } from '@nestjs/common';
import { Authenticated } from '../../src/auth/index.js';
import { invalidFields, countRows, logInAgain, sql } from '../support/auth.js';
import type { Client } from '../support/client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const nothing = (): void => undefined;
/** State of a request that runs until the test releases it. */
const slow = { entered: Promise.resolve(), enter: nothing, released: Promise.resolve(), release: nothing };

@Controller('slow')
class SlowController {
  @Get()
  @Authenticated()
  async show(): Promise<object> {
    slow.enter();
    await slow.released;
    return {};
  }
}

describe('sessions', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({}, [SlowController]);
  });

  afterAll(() => app.close());

  beforeEach(() => {
    slow.entered = new Promise((resolve) => (slow.enter = resolve));
    slow.released = new Promise((resolve) => (slow.release = resolve));
  });

  const copyOf = (client: Client): Client => app.client().copyCookiesFrom(client);

  describe('of several cookies of the name', () => {
    const NAME = 'barista.sid';
    const STALE = `s%3A${'old0'.repeat(8)}.${'A'.repeat(43)}`;

    const meWith = async (...values: (string | undefined)[]): Promise<string | undefined> => {
      const cookie = values.map((value) => `${NAME}=${value}`).join('; ');
      return (await app.client().get('/auth/me', { headers: { cookie } })).body.id;
    };

    it.each([
      ['of another secret', STALE],
      ['that is not signed', 'plain'],
      ['that is not URL-encoded', '%E0%A4%A'],
      ['that is empty', ''],
    ])('passes over one %s, before or after the session', async (_, stale) => {
      const client = app.client();
      const { id } = await client.signUpAndLogIn();
      const good = client.cookies.get(NAME);
      expect(await meWith(stale, good)).toBe(id);
      expect(await meWith(good, stale)).toBe(id);
      expect(await meWith(stale, stale, good, stale)).toBe(id);
    });

    it('passes over one whose session has ended', async () => {
      const client = app.client();
      const member = await client.signUpAndLogIn();
      const ended = client.cookies.get(NAME);
      await client.post('/auth/logout');
      await logInAgain(client, member);
      expect(await meWith(ended, client.cookies.get(NAME))).toBe(member.id);
    });

    it('takes that of the latest login, and ends all of them with the next login or logout', async () => {
      const [older, newer] = [app.client(), app.client()];
      await older.signUpAndLogIn();
      const member = await newer.signUpAndLogIn();
      const [first, second] = [older.cookies.get(NAME), newer.cookies.get(NAME)];
      expect(await meWith(first, second)).toBe(member.id);
      expect(await meWith(second, first)).toBe(member.id);

      const { email, password } = member;
      const headers = { cookie: `${NAME}=${first}; ${NAME}=${second}` };
      const again = app.client();
      expect((await again.post('/auth/login', { email, password }, { headers })).status).toBe(200);
      expect([await meWith(first), await meWith(second)]).toEqual([undefined, undefined]);

      const third = again.cookies.get(NAME);
      const other = app.client();
      await other.signUpAndLogIn();
      const both = { cookie: `${NAME}=${third}; ${NAME}=${other.cookies.get(NAME)}` };
      expect((await app.client().post('/auth/logout', undefined, { headers: both })).status).toBe(204);
      expect([await meWith(third), await meWith(other.cookies.get(NAME))]).toEqual([undefined, undefined]);
    });

    it('tries ten at most', async () => {
      const client = app.client();
      const { id } = await client.signUpAndLogIn();
      const stale = (count: number): string[] => Array<string>(count).fill(STALE);
      expect(await meWith(...stale(9), client.cookies.get(NAME))).toBe(id);
      expect(await meWith(...stale(10), client.cookies.get(NAME))).toBeUndefined();
    });
  });

  it('lists sessions with the User-Agent of their login, and marks the current one', async () => {
    const client = app.client();
    const member = await client.signUpAndLogIn();
    const phone = app.client();
    const { email, password } = member;
    await phone.post('/auth/login', { email, password }, { headers: { 'user-agent': 'Phone/1' } });
    const { status, body } = await phone.get('/auth/sessions');
    expect(status).toBe(200);
    expect(body.items).toHaveLength(2);
    const current = body.items.filter((item: { current: boolean }) => item.current);
    expect(current).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        createdAt: expect.any(String),
        lastSeenAt: expect.any(String),
        userAgent: 'Phone/1',
        current: true,
      },
    ]);
    expect(decodeURIComponent(phone.cookies.get('barista.sid') ?? '')).not.toContain(current[0].id);
  });

  it('ends a single session, but none of another member', async () => {
    const client = app.client();
    const member = await client.signUpAndLogIn();
    const phone = await logInAgain(app.client(), member);
    const stranger = app.client();
    await stranger.signUpAndLogIn();
    const { body } = await client.get('/auth/sessions');
    const ofPhone = body.items.find((item: { current: boolean }) => !item.current).id as string;

    const refused = await stranger.delete(`/auth/sessions/${ofPhone}`);
    expect(refused).toMatchObject({ status: 404, body: { code: 'auth.session-not-found' } });
    expect((await phone.get('/auth/me')).status).toBe(200);
    expect((await client.delete(`/auth/sessions/${ofPhone.toUpperCase()}`)).status).toBe(204);
    expect((await phone.get('/auth/me')).status).toBe(401);
    expect((await client.delete(`/auth/sessions/${ofPhone}`)).status).toBe(404);
    expect((await client.get('/auth/me')).status).toBe(200);
  });

  it('logs out when the current session is ended', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    const copy = copyOf(client);
    const { body } = await client.get('/auth/sessions');
    expect((await client.delete(`/auth/sessions/${body.items[0].id}`)).status).toBe(204);
    expect(client.cookies.size).toBe(0);
    expect((await copy.get('/auth/me')).status).toBe(401);
  });

  it('rejects session ids that are not UUIDs, and requires a login', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    const { status, body } = await client.delete('/auth/sessions/1');
    expect(status).toBe(422);
    expect(invalidFields(body)).toEqual(['path.id']);
    expect((await app.client().get('/auth/sessions')).status).toBe(401);
  });

  it('assigns a new id at every login, and invalidates the old one', async () => {
    const client = app.client();
    const member = await client.signUpAndLogIn();
    const old = copyOf(client);
    await logInAgain(client, member);
    expect(client.cookies.get('barista.sid')).not.toBe(old.cookies.get('barista.sid'));
    expect((await old.get('/auth/me')).status).toBe(401);
    expect((await client.get('/auth/sessions')).body.items).toHaveLength(1);
  });

  it('keeps the session after a failed login', async () => {
    const client = app.client();
    const { email } = await client.signUpAndLogIn();
    const response = await client.post('/auth/login', { email, password: 'wrong' });
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect((await client.get('/auth/me')).status).toBe(200);
  });

  it('never adopts an id from the client, forged or of an ended session', async () => {
    const client = app.client();
    const member = await client.signUpAndLogIn();
    const forgotten = copyOf(client);
    await client.post('/auth/logout');
    const planted = forgotten.cookies.get('barista.sid');
    await logInAgain(forgotten, member);
    expect(forgotten.cookies.get('barista.sid')).not.toBe(planted);
    for (const value of ['s%3Aabc.def', 'abc', '', `${planted?.slice(0, -3)}abc`]) {
      const { status } = await app.client().get('/auth/me', { headers: { cookie: `barista.sid=${value}` } });
      expect(status).toBe(401);
    }
  });

  it('creates no session for anonymous reads', async () => {
    const before = await countRows(app, 'session');
    for (const path of ['/', '/auth/me', '/auth/sessions', '/health/live']) {
      const { headers } = await app.client().get(path, { headers: { cookie: 'other=1; barista.sid=nothing' } });
      expect(headers.getSetCookie()).toEqual([]);
    }
    expect(await countRows(app, 'session')).toBe(before);
  });

  it('stores digests of session ids only', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    const secret = /^s:([^.]+)/.exec(decodeURIComponent(client.cookies.get('barista.sid') ?? ''))?.[1] ?? '';
    expect(secret.length).toBeGreaterThanOrEqual(22);
    expect(JSON.stringify(await sql(app, 'SELECT * FROM session'))).not.toContain(secret);
  });

  it('updates lastSeenAt at most once a minute', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    const lastSeenAt = async () => (await client.get('/auth/sessions')).body.items[0].lastSeenAt as string;
    const first = await lastSeenAt();
    await client.get('/auth/me');
    expect(await lastSeenAt()).toBe(first);
    const twoMinutesAgo = Date.now() - 120_000;
    await sql(app, `UPDATE session SET "lastSeenAt" = ${twoMinutesAgo}`);
    await client.get('/auth/me');
    expect(Date.parse(await lastSeenAt())).toBeGreaterThan(twoMinutesAgo);
  });

  it('does not revive an ended session when a slow request of it finishes', async () => {
    const client = app.client();
    await client.signUpAndLogIn();
    const copy = copyOf(client);
    await sql(app, `UPDATE session SET "lastSeenAt" = ${Date.now() - 120_000}`);
    const response = copy.get('/slow');
    await slow.entered;
    expect((await client.post('/auth/logout')).status).toBe(204);
    const before = await countRows(app, 'session');
    slow.release();
    expect((await response).status).toBe(200);
    expect(await countRows(app, 'session')).toBe(before);
    expect((await copy.get('/auth/me')).status).toBe(401);
  });

  it('deletes expired sessions at a later login', async () => {
    const client = app.client();
    const member = await client.signUpAndLogIn();
    await sql(app, `UPDATE session SET "createdAt" = ${Date.now() - 25 * 3_600_000}`);
    expect((await client.get('/auth/me')).status).toBe(401);
    await logInAgain(app.client(), member);
    expect(await countRows(app, 'session')).toBe(1);
  });
});

describe('session expiry', () => {
  const me = async (client: Client): Promise<number> => (await client.get('/auth/me')).status;

  it('expires a session after the idle timeout, which every use restarts', async () => {
    const app = await startTestApp({ SESSION_IDLE_MINUTES: '30' });
    const [used, idle] = [app.client(), app.client()];
    const { id } = await used.signUpAndLogIn();
    await idle.signUpAndLogIn();
    const pass = (minutes: number): Promise<unknown> =>
      sql(app, `UPDATE session SET "lastSeenAt" = "lastSeenAt" - ${minutes * 60_000}`);
    await pass(29);
    expect(await me(used)).toBe(200);
    // `lastSeenAt` is updated after the response.
    const justSeen = `session WHERE "memberId" = '${id}' AND "lastSeenAt" > ${Date.now() - 60_000}`;
    await until('lastSeenAt is updated', async () => (await countRows(app, justSeen)) === 1);
    await pass(2);
    expect([await me(used), await me(idle)]).toEqual([200, 401]);
    await pass(31);
    expect(await me(used)).toBe(401);
    await app.close();
  });

  it('expires a session after the absolute timeout, even if it is in use', async () => {
    const app = await startTestApp({ SESSION_MAX_HOURS: '2' });
    const client = app.client();
    await client.signUpAndLogIn();
    const pass = (minutes: number): Promise<unknown> =>
      sql(app, `UPDATE session SET "createdAt" = "createdAt" - ${minutes * 60_000}, "lastSeenAt" = ${Date.now()}`);
    await pass(119);
    expect(await me(client)).toBe(200);
    await pass(2);
    expect(await me(client)).toBe(401);
    await app.close();
  });
});
