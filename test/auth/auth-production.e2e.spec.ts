import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppModule } from '../../src/app.module.js';
import type { Client } from '../support/client.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const newSecret = (): string => randomBytes(33).toString('base64');
const CREDENTIALS = { email: 'barista@cafe.example', password: 'a flat white, please' };
const TLS = { headers: { 'x-forwarded-proto': 'https' } };

describe('sessions in production', () => {
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    app = await startTestApp({ NODE_ENV: 'production', SESSION_SECRET: newSecret(), TRUST_PROXY: '1' });
    client = app.client();
    await client.post('/auth/signup', CREDENTIALS);
  });

  afterAll(() => app.close());

  it('refuses a login without TLS, with an explanation', async () => {
    const response = await client.post('/auth/login', CREDENTIALS);
    expect(response).toMatchObject({ status: 400, body: { code: 'auth.tls-required' } });
    expect(response.body.detail).toContain('TRUST_PROXY');
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it('sets a cookie that is bound to the host and to TLS', async () => {
    const response = await client.post('/auth/login', CREDENTIALS, TLS);
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-barista\.sid=s%3A[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    expect((await client.get('/auth/me', TLS)).status).toBe(200);
    const out = await client.post('/auth/logout', undefined, TLS);
    expect(out.headers.getSetCookie()).toEqual([
      '__Host-barista.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax',
    ]);
  });

  it('passes over a stale cookie of the name', async () => {
    await client.post('/auth/login', CREDENTIALS, TLS);
    const good = `__Host-barista.sid=${client.cookies.get('__Host-barista.sid')}`;
    const stale = `__Host-barista.sid=s%3Aold.${'A'.repeat(43)}`;
    for (const cookie of [`${stale}; ${good}`, `${good}; ${stale}`, `barista.sid=x; ${stale}; ${good}`]) {
      const headers = { ...TLS.headers, cookie };
      expect(await app.client().get('/auth/me', { headers })).toMatchObject({ status: 200 });
    }
  });

  it('warns at start if TRUST_PROXY is 0, because logins through a TLS proxy would fail', async () => {
    const direct = await ProcessApp.start({ NODE_ENV: 'production', SESSION_SECRET: newSecret() });
    const warnings = direct.lines.filter(({ msg }) => msg.startsWith('TRUST_PROXY is 0'));
    expect(warnings).toMatchObject([{ level: 'warn', msg: expect.stringContaining('auth.tls-required') }]);
    await direct.stop();
  });

  it('ignores X-Forwarded-Proto without a trusted proxy', async () => {
    const direct = await startTestApp({ NODE_ENV: 'production', SESSION_SECRET: newSecret() });
    await direct.client().post('/auth/signup', CREDENTIALS);
    expect((await direct.client().post('/auth/login', CREDENTIALS, TLS)).status).toBe(400);
    await direct.close();
  });
});

describe('SESSION_SECRET', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-secret-'));
  });

  afterEach(killLeftovers);
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const database = (): string => `sqlite:${join(directory, 'data', 'barista.db')}`;
  const inProduction = (secret?: string) => () =>
    AppModule.forRoot({ NODE_ENV: 'production', DATABASE_URL: database(), SESSION_SECRET: secret });

  it.each([
    ['none', undefined],
    ['a short one', 'r4nd0m-but-short'],
    ['a placeholder', 'changeme-changeme-changeme-changeme'],
    ['another placeholder', 'your-super-secret-key-goes-here-0123456789'],
    ['an example', 'example-Zk93nVq8sLw02XbTfGh7YrPmDc51'],
    ['words', 'SecretSecretSecretSecretSecretSecret'],
    ['one character', 'x'.repeat(48)],
    ['a bad one behind a good one', `${newSecret()},changeme`],
  ])('is rejected in production: %s', (_, secret) => {
    expect(inProduction(secret)).toThrow(/SESSION_SECRET/);
    expect(inProduction(secret)).not.toThrow(secret ?? 'undefined');
  });

  it('is accepted in production if it is random, in base64 or hex', () => {
    for (const secret of [newSecret(), randomBytes(16).toString('hex'), `${newSecret()}, ${newSecret()}`]) {
      expect(inProduction(secret)).not.toThrow();
    }
  });

  it('can be rotated: the first secret signs, all verify', async () => {
    const [old, next] = [newSecret(), newSecret()];
    const settings = { DATABASE_URL: database() };
    const first = await startTestApp({ ...settings, SESSION_SECRET: old });
    const before = first.client();
    await before.signUpAndLogIn();
    await first.close();

    const second = await startTestApp({ ...settings, SESSION_SECRET: `${next},${old}` });
    const [cookie = ''] = before.cookies.values();
    const headers = { cookie: `barista.sid=${cookie}` };
    expect((await second.client().get('/auth/me', { headers })).status).toBe(200);
    const after = second.client();
    await after.signUpAndLogIn();
    await second.close();

    const third = await startTestApp({ ...settings, SESSION_SECRET: next });
    expect((await third.client().get('/auth/me', { headers })).status).toBe(401);
    const [newer = ''] = after.cookies.values();
    const newerHeaders = { cookie: `barista.sid=${newer}` };
    expect((await third.client().get('/auth/me', { headers: newerHeaders })).status).toBe(200);
    await third.close();
  });

  it('is generated once outside production by two processes that start together, readable by the owner only', async () => {
    const apps = await Promise.all([0, 1].map(() => ProcessApp.start({}, { databaseUrl: database() })));
    const file = join(directory, 'data', 'session-secret');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, 'utf8')).length).toBeGreaterThanOrEqual(32);

    const [one, other] = apps.map((app) => app.client());
    await one?.signUpAndLogIn();
    expect((await other?.copyCookiesFrom(one!).get('/auth/me'))?.status).toBe(200);
    await Promise.all(apps.map((app) => app.stop()));
  });
});
