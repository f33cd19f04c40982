import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countRows, sql } from '../support/auth.js';
import type { ClientResponse } from '../support/client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const RIGHT = 'a flat white, please';
const WRONG = 'a tea, if I must';
const WINDOW_SECONDS = 900;
const DELAY_SECONDS = 15;

describe('login throttle', () => {
  let app: TestApp;
  let names = 0;

  beforeAll(async () => {
    app = await startTestApp({ TRUST_PROXY: '1' });
  });

  afterAll(() => app.close());

  const newAddress = (): string => `203.0.113.${(names += 1)}`;
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

  function logIn(email: string, password: string, address: string): Promise<ClientResponse> {
    return app.client().post('/auth/login', { email, password }, from(address));
  }

  function signUp(email: string, address: string): Promise<ClientResponse> {
    return app.client().post('/auth/signup', { email, password: RIGHT }, from(address));
  }

  async function newMember(): Promise<string> {
    const email = `guessed-${(names += 1)}@cafe.example`;
    expect((await signUp(email, newAddress())).status).toBe(201);
    return email;
  }

  async function statuses(count: number, send: () => Promise<ClientResponse>): Promise<number[]> {
    const received: number[] = [];
    for (let index = 0; index < count; index += 1) received.push((await send()).status);
    return received;
  }

  /** Ages all counts by that much time. */
  const advanceTime = (seconds: number) =>
    sql(app, `UPDATE failure_count SET "expiresAt" = "expiresAt" - ${seconds * 1000}`);
  const times = (count: number, status: number): number[] => Array.from({ length: count }, () => status);

  it('refuses an address after 10 failures on one account, until the window closes', async () => {
    const [email, address] = [await newMember(), newAddress()];
    expect(await statuses(10, () => logIn(email, WRONG, address))).toEqual(times(10, 401));
    const refused = await logIn(email.toUpperCase(), RIGHT, address);
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({
      code: 'auth.too-many-failures',
      detail: expect.stringContaining('Try again'),
    });
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(WINDOW_SECONDS - 60);
    expect(seconds).toBeLessThanOrEqual(WINDOW_SECONDS);
    // Neither the owner at another address nor another member at this address is refused.
    expect((await logIn(email, RIGHT, newAddress())).status).toBe(200);
    expect((await logIn(await newMember(), RIGHT, address)).status).toBe(200);
    await advanceTime(WINDOW_SECONDS);
    expect((await logIn(email, RIGHT, address)).status).toBe(200);
  });

  it('does not reveal whether an account exists', async () => {
    const address = newAddress();
    expect(await statuses(11, () => logIn('nobody@cafe.example', WRONG, address))).toEqual([...times(10, 401), 429]);
  });

  it('counts concurrent guesses like consecutive ones', async () => {
    const [email, address] = [await newMember(), newAddress()];
    const responses = await Promise.all(Array.from({ length: 30 }, () => logIn(email, WRONG, address)));
    expect(responses.map(({ status }) => status).sort()).toEqual([...times(10, 401), ...times(20, 429)]);
  });

  it('resets the count of an address on an account after a successful login', async () => {
    const [email, address] = [await newMember(), newAddress()];
    for (let round = 0; round < 2; round += 1) {
      expect(await statuses(9, () => logIn(email, WRONG, address))).toEqual(times(9, 401));
      expect((await logIn(email, RIGHT, address)).status).toBe(200);
    }
  });

  it('accepts 30 concurrent logins with the right password', async () => {
    const [email, address] = [await newMember(), newAddress()];
    const responses = await Promise.all(Array.from({ length: 30 }, () => logIn(email, RIGHT, address)));
    expect(responses.map(({ status }) => status)).toEqual(times(30, 200));
  });

  it('refuses an address after 100 failures on any accounts', async () => {
    const [email, address] = [await newMember(), newAddress()];
    const guesses = Array.from({ length: 110 }, (_, index) => logIn(`nobody-${index}@cafe.example`, WRONG, address));
    const found = (await Promise.all(guesses)).map(({ status }) => status);
    expect(found.sort()).toEqual([...times(100, 401), ...times(10, 429)]);
    expect((await logIn(email, RIGHT, address)).status).toBe(429);
    expect((await signUp('new-here@cafe.example', address)).status).toBe(201);
    expect((await logIn(email, RIGHT, newAddress())).status).toBe(200);
  });

  it('refuses sign-ups from an address after 100 e-mails that were taken', async () => {
    const [email, address] = [await newMember(), newAddress()];
    const signUps = await Promise.all(Array.from({ length: 110 }, () => signUp(email, address)));
    expect(signUps.map(({ status }) => status).sort()).toEqual([...times(100, 409), ...times(10, 429)]);
    expect((await signUp('not-here@cafe.example', address)).status).toBe(429);
    expect((await logIn(email, RIGHT, address)).status).toBe(200);
  });

  it('requires a second attempt from unknown addresses after 50 failures on an account, but not from known ones', async () => {
    const [email, home] = [await newMember(), newAddress()];
    expect((await logIn(email, RIGHT, home)).status).toBe(200);
    for (let attacker = 0; attacker < 5; attacker += 1) {
      const address = newAddress();
      expect(await statuses(10, () => logIn(email, WRONG, address))).toEqual(times(10, 401));
    }
    const away = newAddress();
    const refused = await logIn(email, RIGHT, away);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBe(DELAY_SECONDS);
    expect((await logIn(email, RIGHT, away)).status).toBe(429);
    expect((await logIn(email, RIGHT, home)).status).toBe(200);
    await advanceTime(DELAY_SECONDS);
    expect((await logIn(email, RIGHT, newAddress())).status).toBe(429);
    expect((await logIn(email, RIGHT, away)).status).toBe(200);
    // The address is known from now on.
    expect((await logIn(email, RIGHT, away)).status).toBe(200);
  });

  it('counts wrong passwords at withdrawal and password change', async () => {
    const [client, address] = [app.client(), newAddress()];
    const { password } = await client.signUpAndLogIn();
    const withdraw = (given: string) => client.delete('/auth/me', { password: given }, from(address));
    const change = () =>
      client.post('/auth/password', { currentPassword: WRONG, newPassword: 'one more flat white' }, from(address));
    expect(await statuses(5, () => withdraw(WRONG))).toEqual(times(5, 403));
    expect(await statuses(6, change)).toEqual([...times(5, 403), 429]);
    expect((await withdraw(password)).status).toBe(429);
    expect((await client.get('/auth/me')).status).toBe(200);
  });

  it('treats an IPv6 /64 network as one address', async () => {
    const email = await newMember();
    let host = 0;
    const attempt = () => logIn(email, WRONG, `2001:db8:0:7::${(host += 1).toString(16)}`);
    expect(await statuses(11, attempt)).toEqual([...times(10, 401), 429]);
    expect((await logIn(email, RIGHT, '2001:db8:0:8::1')).status).toBe(200);
  });

  it('deletes the counts of closed windows', async () => {
    await advanceTime(3_600);
    const address = newAddress();
    // Each failure deletes at most 200.
    for (let round = 0; round < 3; round += 1) await logIn('nobody-at-all@cafe.example', WRONG, address);
    expect(await countRows(app, 'failure_count')).toBe(3);
  });
});

describe('login throttle across a restart', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-login-throttle-'));
  });

  afterAll(() => rm(directory, { recursive: true }));

  it('keeps its counts, and ignores X-Forwarded-For without a trusted proxy', async () => {
    const settings = { DATABASE_URL: `sqlite:${join(directory, 'barista.db')}` };
    const credentials = { email: 'somebody@cafe.example', password: WRONG };
    const attempt = (app: TestApp, host: number) =>
      app.client().post('/auth/login', credentials, { headers: { 'x-forwarded-for': `198.51.100.${host}` } });

    const before = await startTestApp(settings);
    for (let host = 0; host < 10; host += 1) expect((await attempt(before, host)).status).toBe(401);
    await before.close();

    const after = await startTestApp(settings);
    expect((await attempt(after, 10)).status).toBe(429);
    await after.close();
  });
});
