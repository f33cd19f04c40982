import { invalidFields, sql } from '../support/auth.js';
import type { ClientResponse, Client } from '../support/client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('API keys', () => {
  let app: TestApp;
  let client: Client;
  let member: { id: string; password: string };

  beforeAll(async () => {
    app = await startTestApp();
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    client = app.client();
    member = await client.signUpAndLogIn();
  });

  const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
  const createKey = async (body: object = { name: 'till' }): Promise<{ id: string; key: string }> => {
    const response = await client.post('/auth/api-keys', body);
    expect(response.status).toBe(201);
    return response.body as { id: string; key: string };
  };

  it('returns a new key once, and lists keys without their secrets', async () => {
    const { status, body } = await client.post('/auth/api-keys', { name: ' till ' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'till',
      key: expect.stringMatching(/^barista_[\w-]{43}$/),
      createdAt: expect.any(String),
      expiresAt: null,
    });
    const { id, name, createdAt } = body;
    const list = await client.get('/auth/api-keys');
    expect(list.body).toEqual({ items: [{ id, name, createdAt, expiresAt: null, lastUsedAt: null }] });
    expect(JSON.stringify(await sql(app, 'SELECT * FROM api_key'))).not.toContain(body.key);
  });

  it('authenticates the owner without a cookie', async () => {
    const { key } = await createKey();
    const response = await app.client().get('/auth/me', bearer(key));
    expect(response).toMatchObject({ status: 200, body: { id: member.id } });
    expect(response.headers.getSetCookie()).toEqual([]);
    const sessions = await app.client().get('/auth/sessions', bearer(key));
    expect(sessions.body.items).toEqual([expect.objectContaining({ current: false })]);
  });

  it.each(['bearer ', 'BEARER ', 'Bearer  ', 'Bearer    ', 'bearer \t '])('takes the key after %j', async (scheme) => {
    const { key } = await createKey();
    const me = await app.client().get('/auth/me', { headers: { authorization: `${scheme}${key}` } });
    expect(me).toMatchObject({ status: 200, body: { id: member.id } });
  });

  it.each(['Bearer', 'Bearer_', 'Bearer: ', 'Basic ', 'Bearer x '])('does not take a key after %j', async (scheme) => {
    const { key } = await createKey();
    const me = await app.client().get('/auth/me', { headers: { authorization: `${scheme}${key}` } });
    expect(me.status).toBe(401);
  });

  it('records the last use at most once a minute', async () => {
    const { id, key } = await createKey();
    const lastUsedAt = async (): Promise<string> => (await client.get('/auth/api-keys')).body.items[0].lastUsedAt;
    await app.client().get('/auth/me', bearer(key));
    const first = await lastUsedAt();
    expect(Date.parse(first)).toBeGreaterThan(Date.now() - 10_000);
    await app.client().get('/auth/me', bearer(key));
    expect(await lastUsedAt()).toBe(first);
    await sql(app, `UPDATE api_key SET "lastUsedAt" = ${Date.now() - 61_000} WHERE id = '${id}'`);
    await app.client().get('/auth/me', bearer(key));
    expect(Date.parse(await lastUsedAt())).toBeGreaterThan(Date.now() - 10_000);
  });

  it.each<[string, (key: string, sessionId: string) => Promise<ClientResponse>]>([
    ['create API keys', (key) => app.client().post('/auth/api-keys', { name: 'more' }, bearer(key))],
    [
      'change the password',
      (key) =>
        app
          .client()
          .post('/auth/password', { currentPassword: member.password, newPassword: 'of my own' }, bearer(key)),
    ],
    ['end sessions', (key, id) => app.client().delete(`/auth/sessions/${id}`, undefined, bearer(key))],
    ['withdraw', (key) => app.client().delete('/auth/me', { password: member.password }, bearer(key))],
    ['create API keys beside a session cookie', (key) => client.post('/auth/api-keys', { name: 'more' }, bearer(key))],
  ])('refuses to let an API key %s', async (_, attempt) => {
    const { key } = await createKey();
    const sessionId = (await client.get('/auth/sessions')).body.items[0].id as string;
    expect(await attempt(key, sessionId)).toMatchObject({ status: 403, body: { code: 'auth.session-required' } });
    expect((await client.get('/auth/me')).status).toBe(200);
  });

  it('keeps the session when logging out with an API key', async () => {
    const { key } = await createKey();
    const response = await client.post('/auth/logout', undefined, bearer(key));
    expect(response.status).toBe(204);
    expect((await client.get('/auth/me')).status).toBe(200);
  });

  it('refuses a revoked key, and lets only its owner revoke it', async () => {
    const { id, key } = await createKey();
    const stranger = app.client();
    await stranger.signUpAndLogIn();
    expect(await stranger.delete(`/auth/api-keys/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'auth.api-key-not-found' },
    });
    expect((await stranger.get('/auth/api-keys')).body.items).toEqual([]);
    expect((await app.client().delete(`/auth/api-keys/${id}`, undefined, bearer(key))).status).toBe(204);
    expect((await app.client().get('/auth/me', bearer(key))).status).toBe(401);
    expect((await client.delete(`/auth/api-keys/${id}`)).status).toBe(404);
    const { status, body } = await client.delete('/auth/api-keys/till');
    expect(status).toBe(422);
    expect(invalidFields(body)).toEqual(['path.id']);
  });

  it('refuses an expired key', async () => {
    const { id, key } = await createKey({ name: 'till', expiresAt: '2099-12-31T23:59:59+09:00' });
    const { body } = await client.get('/auth/api-keys');
    expect(body.items[0].expiresAt).toBe('2099-12-31T14:59:59.000Z');
    expect((await app.client().get('/auth/me', bearer(key))).status).toBe(200);
    await sql(app, `UPDATE api_key SET "expiresAt" = ${Date.now() - 1} WHERE id = '${id}'`);
    expect((await app.client().get('/auth/me', bearer(key))).status).toBe(401);
  });

  it('answers 401 to malformed and unknown keys, even beside a session cookie', async () => {
    const { key } = await createKey();
    for (const wrong of [
      '',
      'x',
      `${key}x`,
      `${key.slice(0, -1)}!`,
      key.replace('barista_', ''),
      `barista_${'A'.repeat(43)}`,
    ]) {
      const response = await client.get('/auth/me', bearer(wrong));
      expect(response).toMatchObject({ status: 401, body: { code: 'auth.required' } });
    }
  });

  it.each([
    ['no name', { name: undefined }, 'body.name'],
    ['an empty name', { name: ' ' }, 'body.name'],
    ['a key chosen by the caller', { key: 'barista_mine' }, 'body.key'],
    ['an owner', { memberId: 'x' }, 'body.memberId'],
    ['null for an expiry', { expiresAt: null }, 'body.expiresAt'],
    ['an expiry in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'body.expiresAt'],
    ['an expiry without a zone', { expiresAt: '2099-01-01T00:00:00' }, 'body.expiresAt'],
    ['an expiry without a time', { expiresAt: '2099-01-01' }, 'body.expiresAt'],
    ['an expiry on a date that does not exist', { expiresAt: '2099-02-30T00:00:00Z' }, 'body.expiresAt'],
    ['a number for an expiry', { expiresAt: 4_102_444_800_000 }, 'body.expiresAt'],
    ['text for an expiry', { expiresAt: `2099${'0'.repeat(50_000)}` }, 'body.expiresAt'],
  ])('rejects a new key with %s', async (_, change, field) => {
    const { status, body } = await client.post('/auth/api-keys', { name: 'till', ...change });
    expect(status).toBe(422);
    expect(invalidFields(body)).toEqual([field]);
  });

  it('limits a member to 100 keys', async () => {
    const values = Array.from({ length: 100 }, (_, index) => `('k${index}', 'd${index}', '${member.id}', 'till', 1)`);
    await sql(app, `INSERT INTO api_key (id, digest, "memberId", name, "createdAt") VALUES ${values.join(', ')}`);
    const response = await client.post('/auth/api-keys', { name: 'till' });
    expect(response).toMatchObject({ status: 409, body: { code: 'auth.too-many-api-keys' } });
  });
});
