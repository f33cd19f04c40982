import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { startRequest, logInAgain } from '../support/auth.js';
import type { Client } from '../support/client.js';
import { readStoredRows } from '../support/stored-rows.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ATTACK_MS, report, scale } from '../support/reliability.js';

const LOGOUTS = scale(50, 1_000);
const ROUNDS = scale(20, 200);
const CONCURRENCY = 4;

type Slow = Awaited<ReturnType<typeof startRequest>>;

const NEW_MENU = ['POST', '/menus', { name: 'Slow', price: 1 }] as const;
const NEW_KEY = ['POST', '/auth/api-keys', { name: 'slow' }] as const;

describe('concurrent requests', () => {
  let directory: string;
  let file: string;
  let app: ProcessApp;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-races-'));
    file = join(directory, 'barista.db');
    app = await ProcessApp.start({ TRUST_PROXY: '1' }, { databaseUrl: `sqlite:${file}` });
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'leave no session after a logout, whichever requests run with it',
    () =>
      race('logout against slow requests', LOGOUTS, async (round) => {
        const client = app.client();
        const { email, password } = await client.signUpAndLogIn();
        const thief = copyOf(client);
        const slow = [await startRequest(client, ...NEW_MENU), await startRequest(client, ...NEW_KEY)];
        const passwords = { currentPassword: password, newPassword: `${password}, and a new one` };
        const isFirst = round % 2 === 0;
        if (isFirst) slow.push(await startRequest(client, 'POST', '/auth/password', passwords));
        ageSessions(email);
        const logout = client.post('/auth/logout');
        if (isFirst) await logout;
        const responses = await finish(slow, thief.get('/auth/me'), thief.get('/auth/sessions'));
        expect((await logout).status).toBe(204);
        // Requests that were authenticated before the logout may complete, but create no key and no session.
        const late = isFirst ? [...responses.slice(1), ...rowsOf(email, 'key')] : [];
        expect(late.filter((found) => found !== 401)).toEqual([]);
        expect([200, 201, 401]).toEqual(expect.arrayContaining([...new Set(responses)]));
        expect((await thief.get('/auth/me')).status).toBe(401);
        expect(rowsOf(email, 'session')).toEqual([]);
      }),
    ATTACK_MS,
  );

  it(
    'leave no row of a member who deletes the account twice at once',
    () =>
      race('withdrawal', ROUNDS, async () => {
        const client = app.client();
        const member = await client.signUpAndLogIn();
        const other = await logInAgain(app.client(), member);
        const authorization = `Bearer ${(await client.post('/auth/api-keys', { name: 'till' })).body.key}`;
        const slow = [
          await startRequest(other, ...NEW_MENU),
          await startRequest(other, ...NEW_KEY),
          await startRequest(app.client(), ...NEW_MENU, { authorization }),
        ];
        ageSessions(member.email);
        const { password } = member;
        const both = [client, other].map((each) => each.delete('/auth/me', { password }));
        const statuses = (await Promise.all(both)).map(({ status }) => status);
        expect(statuses.toSorted()).toEqual([204, 401]);
        expect(await finish(slow)).toEqual([401, 401, 401]);
        expect(rowsOf(member.email, '')).toEqual([]);
        expect((await app.client().get('/auth/me', { headers: { authorization } })).status).toBe(401);
      }),
    ATTACK_MS,
  );

  it(
    'end all other sessions on a password change, of which only one of two succeeds',
    () =>
      race('password change', ROUNDS, async (round) => {
        const client = app.client();
        const { email, password } = await client.signUpAndLogIn();
        const other = await logInAgain(app.client(), { email, password });
        const [thief, robber] = [copyOf(client), copyOf(other)];
        const slow = [await startRequest(client, ...NEW_KEY), await startRequest(other, ...NEW_KEY)];
        ageSessions(email);
        const changes = [client, other].map((each, index) =>
          each.post('/auth/password', { currentPassword: password, newPassword: `a new secret ${index}` }, from(round)),
        );
        const statuses = (await Promise.all(changes)).map(({ status }) => status);
        expect(statuses.toSorted()[0]).toBe(204);
        expect([401, 403]).toContain(statuses.toSorted()[1]);
        expect(await finish(slow, thief.get('/auth/me'), robber.get('/auth/me'))).toEqual([401, 401, 401, 401]);
        expect(rowsOf(email, 'session')).toHaveLength(1);
        expect(rowsOf(email, 'key')).toEqual([]);
        const logins = [password, 'a new secret 0', 'a new secret 1'].map((secret) =>
          app.client().post('/auth/login', { email, password: secret }, from(round)),
        );
        const winner = statuses.indexOf(204);
        const expected = [401, winner === 0 ? 200 : 401, winner === 1 ? 200 : 401];
        expect((await Promise.all(logins)).map(({ status }) => status)).toEqual(expected);
      }),
    ATTACK_MS,
  );

  it(
    'cannot revive a session that another session ended',
    () =>
      race('end of another session', ROUNDS, async () => {
        const client = app.client();
        const member = await client.signUpAndLogIn();
        const other = await logInAgain(app.client(), member);
        const items = (await client.get('/auth/sessions')).body.items as { id: string; current: boolean }[];
        const ofOther = items.find(({ current }) => !current)!.id;
        const slow = [await startRequest(other, ...NEW_MENU), await startRequest(other, ...NEW_KEY)];
        ageSessions(member.email);
        const using = [other.get('/auth/me'), other.get('/menus')];
        expect((await client.delete(`/auth/sessions/${ofOther}`)).status).toBe(204);
        expect((await finish(slow, ...using))[1]).toBe(401);
        expect((await other.get('/auth/me')).status).toBe(401);
        expect(rowsOf(member.email, 'session')).toHaveLength(1);
        expect(rowsOf(member.email, 'key')).toEqual([]);
      }),
    ATTACK_MS,
  );

  it(
    'cannot revive a deleted API key',
    () =>
      race('end of an API key', ROUNDS, async () => {
        const client = app.client();
        const { email } = await client.signUpAndLogIn();
        const { id, key } = (await client.post('/auth/api-keys', { name: 'till' })).body;
        const headers = { authorization: `Bearer ${key}` };
        const slow = [await startRequest(app.client(), ...NEW_MENU, headers)];
        const using = [1, 2, 3].map(() => app.client().get('/auth/me', { headers }));
        expect((await client.delete(`/auth/api-keys/${id}`)).status).toBe(204);
        expect([200, 201, 401]).toEqual(expect.arrayContaining(await finish(slow, ...using)));
        expect((await app.client().get('/auth/me', { headers })).status).toBe(401);
        expect(rowsOf(email, 'key')).toEqual([]);
      }),
    ATTACK_MS,
  );

  it(
    'create one member per e-mail address, in any case and Unicode normalization',
    () =>
      race('sign-up', ROUNDS, async (round) => {
        const email = `caf\u00e9-${round}@cafe.example`;
        const spellings = [email, email.toUpperCase(), email.normalize('NFD')];
        const signUps = spellings.map((each) =>
          app.client().post('/auth/signup', { email: each, password: 'eight or more' }, from(round)),
        );
        const statuses = (await Promise.all(signUps)).map(({ status }) => status);
        expect(statuses.toSorted()).toEqual([201, 409, 409]);
        expect(spellings.flatMap((each) => rowsOf(each, 'member'))).toHaveLength(1);
      }),
    ATTACK_MS,
  );

  it(
    'apply one of three conditional changes of the same version of a menu',
    () =>
      race('If-Match', ROUNDS, async () => {
        const client = app.client();
        await client.signUpAndLogIn();
        const { body, headers: created } = await client.post('/menus', { name: 'Raced for', price: 0 });
        const headers = { 'if-match': created.get('etag')! };
        const path = `/menus/${body.id}`;
        const responses = await Promise.all([
          client.patch(path, { price: 1 }, { headers }),
          client.put(path, { name: 'Replaced', price: 2 }, { headers }),
          client.delete(path, undefined, { headers }),
        ]);
        const winners = responses.filter(({ status }) => status < 300);
        expect(winners).toHaveLength(1);
        const isGone = responses[2]!.status === 204;
        expect(responses.filter(({ status }) => status === (isGone ? 404 : 412))).toHaveLength(2);
        const now = await client.get(path);
        expect(isGone ? now.status : now.body).toEqual(isGone ? 404 : winners[0]!.body);
      }),
    ATTACK_MS,
  );

  function copyOf(client: Client): Client {
    const copy = app.client();
    client.cookies.forEach((value, name) => copy.cookies.set(name, value));
    return copy;
  }

  /** @returns the rows of a member; of every kind if `kind` is empty */
  function rowsOf(email: string, kind: string): string[] {
    return [...readStoredRows(file).rows].filter((row) => row.startsWith(kind) && row.split(' ').includes(email));
  }

  /** Ages the sessions, so that their next use updates `lastSeenAt` after the response: too late for an ended session. */
  function ageSessions(email: string): void {
    const database = new Sqlite(file, { timeout: 5_000 });
    const ofMember = 'memberId = (SELECT id FROM member WHERE email = ?)';
    database.prepare(`UPDATE session SET lastSeenAt = lastSeenAt - 120000 WHERE ${ofMember}`).run(email);
    database.close();
  }
});

/** One client address per round, so that failed logins of one round do not throttle the next. */
function from(round: number) {
  return { headers: { 'x-forwarded-for': `10.5.${round >> 8}.${round & 0xff}` } };
}

/** Runs the rounds, `CONCURRENCY` at a time. */
async function race(what: string, rounds: number, run: (round: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < rounds) {
      next += 1;
      await run(next);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  report(`race: ${what}`, { rounds: next });
}

/** Completes the slow requests. @returns their statuses, and the statuses of the concurrent requests */
async function finish(
  slow: readonly Slow[],
  ...concurrent: Promise<{ status: number }>[]
): Promise<(number | undefined)[]> {
  const others = concurrent.map(async (response) => (await response).status);
  return Promise.all([...slow.map((request) => request.finish()), ...others]);
}
