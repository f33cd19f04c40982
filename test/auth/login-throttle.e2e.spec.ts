import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countRows, sql } from '../support/auth.js';
import type { ClientResponse } from '../support/client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const RIGHT = 'a flat white, please';
const WRONG = 'a tea, if I must';
const WINDOW_SECONDS = 900;
const PAUSE_SECONDS = 15;

describe('who guesses passwords', () => {
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

  async function statuses(count: number, ask: () => Promise<ClientResponse>): Promise<number[]> {
    const found: number[] = [];
    for (let index = 0; index < count; index += 1) found.push((await ask()).status);
    return found;
  }

  /** As if that much time had passed since everything that is counted. */
  const letPass = (seconds: number) =>
    sql(app, `UPDATE failure_count SET "expiresAt" = "expiresAt" - ${seconds * 1000}`);
  const times = (count: number, status: number): number[] => Array.from({ length: count }, () => status);

  it('are refused after 10 failures by one address on one account, until the window has passed', async () => {
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
    // The owner elsewhere, and somebody else from here.
    expect((await logIn(email, RIGHT, newAddress())).status).toBe(200);
    expect((await logIn(await newMember(), RIGHT, address)).status).toBe(200);
    await letPass(WINDOW_SECONDS);
    expect((await logIn(email, RIGHT, address)).status).toBe(200);
  });

  it('learn nothing of which accounts there are', async () => {
    const address = newAddress();
    expect(await statuses(11, () => logIn('nobody@cafe.example', WRONG, address))).toEqual([...times(10, 401), 429]);
  });

  it('gain nothing by asking at once', async () => {
    const [email, address] = [await newMember(), newAddress()];
    const answers = await Promise.all(Array.from({ length: 30 }, () => logIn(email, WRONG, address)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...times(10, 401), ...times(20, 429)]);
  });

  it('are not taken for an owner who mistypes now and then', async () => {
    const [email, address] = [await newMember(), newAddress()];
    for (let round = 0; round < 2; round += 1) {
      expect(await statuses(9, () => logIn(email, WRONG, address))).toEqual(times(9, 401));
      expect((await logIn(email, RIGHT, address)).status).toBe(200);
    }
  });

  it('keep no owner waiting who logs in many times at once', async () => {
    const [email, address] = [await newMember(), newAddress()];
    const answers = await Promise.all(Array.from({ length: 30 }, () => logIn(email, RIGHT, address)));
    expect(answers.map(({ status }) => status)).toEqual(times(30, 200));
  });

  it('are refused after 100 failures by one address, on whatever accounts', async () => {
    const [email, address] = [await newMember(), newAddress()];
    const guesses = Array.from({ length: 110 }, (_, index) => logIn(`nobody-${index}@cafe.example`, WRONG, address));
    const found = (await Promise.all(guesses)).map(({ status }) => status);
    expect(found.sort()).toEqual([...times(100, 401), ...times(10, 429)]);
    expect((await logIn(email, RIGHT, address)).status).toBe(429);
    expect((await signUp('new-here@cafe.example', address)).status).toBe(201);
    expect((await logIn(email, RIGHT, newAddress())).status).toBe(200);
  });

  it('cannot ask for more than 100 e-mails whether they are taken', async () => {
    const [email, address] = [await newMember(), newAddress()];
    const signUps = await Promise.all(Array.from({ length: 110 }, () => signUp(email, address)));
    expect(signUps.map(({ status }) => status).sort()).toEqual([...times(100, 409), ...times(10, 429)]);
    expect((await signUp('not-here@cafe.example', address)).status).toBe(429);
    expect((await logIn(email, RIGHT, address)).status).toBe(200);
  });

  it('from many addresses make strangers come twice, and the owner not at all from where they were', async () => {
    const [email, home] = [await newMember(), newAddress()];
    expect((await logIn(email, RIGHT, home)).status).toBe(200);
    for (let attacker = 0; attacker < 5; attacker += 1) {
      const address = newAddress();
      expect(await statuses(10, () => logIn(email, WRONG, address))).toEqual(times(10, 401));
    }
    const away = newAddress();
    const refused = await logIn(email, RIGHT, away);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBe(PAUSE_SECONDS);
    expect((await logIn(email, RIGHT, away)).status).toBe(429);
    expect((await logIn(email, RIGHT, home)).status).toBe(200);
    await letPass(PAUSE_SECONDS);
    expect((await logIn(email, RIGHT, newAddress())).status).toBe(429);
    expect((await logIn(email, RIGHT, away)).status).toBe(200);
    // Known there from now on.
    expect((await logIn(email, RIGHT, away)).status).toBe(200);
  });

  it('are counted where a session asks for the password again', async () => {
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

  it('have one address for all that a network of IPv6 gives them', async () => {
    const email = await newMember();
    let host = 0;
    const attempt = () => logIn(email, WRONG, `2001:db8:0:7::${(host += 1).toString(16)}`);
    expect(await statuses(11, attempt)).toEqual([...times(10, 401), 429]);
    expect((await logIn(email, RIGHT, '2001:db8:0:8::1')).status).toBe(200);
  });

  it('leave no row behind once their windows have passed', async () => {
    await letPass(3_600);
    const address = newAddress();
    // Each failure clears away 200 at most.
    for (let round = 0; round < 3; round += 1) await logIn('nobody-at-all@cafe.example', WRONG, address);
    expect(await countRows(app, 'failure_count')).toBe(3);
  });
});

describe('the count of failures', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-attempts-'));
  });

  afterAll(() => rm(directory, { recursive: true }));

  it('outlives a restart, and is not evaded by a header that no proxy has written', async () => {
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
