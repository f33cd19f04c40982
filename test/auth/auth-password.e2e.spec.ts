import { WithdrawalHooks } from '../../src/auth/index.js';
import { startRequest, invalidFields, countRows, logInAgain } from '../support/auth.js';
import type { Client } from '../support/client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const NEW = 'a cortado instead, thanks';

describe('password change and withdrawal', () => {
  let app: TestApp;
  const withdrawn: string[] = [];
  let runHook = (): void => undefined;

  beforeAll(async () => {
    app = await startTestApp();
    app.app.get(WithdrawalHooks).register(async (memberId, manager) => {
      await manager.query(`UPDATE member SET name = 'going' WHERE id = '${memberId}'`);
      withdrawn.push(memberId);
      runHook();
    });
  });

  afterAll(() => app.close());

  const count = (table: string, memberId: string): Promise<number> =>
    countRows(app, `${table} WHERE "memberId" = '${memberId}'`);
  const change = (client: Client, currentPassword: string, newPassword = NEW) =>
    client.post('/auth/password', { currentPassword, newPassword });

  describe('POST /auth/password', () => {
    it('gives this session a new id, and ends the others', async () => {
      const client = app.client();
      const member = await client.signUpAndLogIn();
      const other = await logInAgain(app.client(), member);
      const old = app.client().copyCookiesFrom(client);

      const response = await change(client, member.password);
      expect(response.status).toBe(204);
      expect(response.headers.getSetCookie()).toHaveLength(1);
      expect((await client.get('/auth/me')).status).toBe(200);
      expect((await old.get('/auth/me')).status).toBe(401);
      expect((await other.get('/auth/me')).status).toBe(401);
      expect((await client.get('/auth/sessions')).body.items).toHaveLength(1);
      const { email } = member;
      expect((await app.client().post('/auth/login', { email, password: member.password })).status).toBe(401);
      expect((await app.client().post('/auth/login', { email, password: NEW })).status).toBe(200);
    });

    it('requires the current password, and changes nothing otherwise', async () => {
      const client = app.client();
      const member = await client.signUpAndLogIn();
      const response = await change(client, 'wrong');
      expect(response).toMatchObject({ status: 403, body: { code: 'auth.wrong-password' } });
      expect(response.headers.getSetCookie()).toEqual([]);
      await logInAgain(app.client(), member);
    });

    it('validates the new password by the rules of sign-up, and requires a login', async () => {
      const client = app.client();
      const member = await client.signUpAndLogIn();
      const { status, body } = await change(client, member.password, 'short');
      expect(status).toBe(422);
      expect(invalidFields(body)).toEqual(['body.newPassword']);
      expect((await change(app.client(), 'x')).status).toBe(401);
    });

    it('leaves no session to a concurrent login with the old password', async () => {
      const client = app.client();
      const { email, password } = await client.signUpAndLogIn();
      const late = [app.client(), app.client(), app.client()];
      const [changed] = await Promise.all([
        change(client, password),
        ...late.map((other) => other.post('/auth/login', { email, password })),
      ]);
      expect(changed.status).toBe(204);
      for (const other of late) expect((await other.get('/auth/me')).status).toBe(401);
      expect((await client.get('/auth/me')).status).toBe(200);
    });
  });

  describe('DELETE /auth/me', () => {
    it('deletes the member with sessions and API keys', async () => {
      const client = app.client();
      const member = await client.signUpAndLogIn();
      const other = await logInAgain(app.client(), member);
      const { body: key } = await client.post('/auth/api-keys', { name: 'till' });

      const response = await client.delete('/auth/me', { password: member.password });
      expect(response.status).toBe(204);
      expect(client.cookies.size).toBe(0);
      expect(withdrawn).toContain(member.id);
      expect((await other.get('/auth/me')).status).toBe(401);
      const headers = { authorization: `Bearer ${key.key}` };
      expect((await app.client().get('/auth/me', { headers })).status).toBe(401);
      expect(await count('session', member.id)).toBe(0);
      expect(await count('api_key', member.id)).toBe(0);
      const { email, password } = member;
      expect((await app.client().post('/auth/login', { email, password })).status).toBe(401);
      expect((await app.client().post('/auth/signup', { email, password })).status).toBe(201);
    });

    it('requires the password', async () => {
      const client = app.client();
      await client.signUpAndLogIn();
      const wrong = await client.delete('/auth/me', { password: 'wrong' });
      expect(wrong).toMatchObject({ status: 403, body: { code: 'auth.wrong-password' } });
      expect((await client.delete('/auth/me')).status).toBe(422);
      expect((await client.get('/auth/me')).status).toBe(200);
      expect((await app.client().delete('/auth/me', { password: 'x' })).status).toBe(401);
    });

    it('is rolled back completely if a hook fails', async () => {
      const client = app.client();
      const member = await client.signUpAndLogIn();
      await client.post('/auth/api-keys', { name: 'till' });
      runHook = () => {
        throw new Error('out of milk');
      };
      const response = await client.delete('/auth/me', { password: member.password });
      expect(response.status).toBe(500);
      expect(response.text).not.toContain('milk');
      const me = await client.get('/auth/me');
      expect(me).toMatchObject({ status: 200, body: { name: null } });
      expect(await count('api_key', member.id)).toBe(1);
      runHook = () => undefined;
      expect((await client.delete('/auth/me', { password: member.password })).status).toBe(204);
    });

    it('leaves no rows of concurrent requests behind', async () => {
      const client = app.client();
      const { id, email, password } = await client.signUpAndLogIn();
      const late = [app.client(), app.client(), app.client()];
      const [left] = await Promise.all([
        client.delete('/auth/me', { password }),
        ...late.map((other) => other.post('/auth/login', { email, password })),
        client.post('/auth/api-keys', { name: 'till' }),
      ]);
      expect(left.status).toBe(204);
      for (const other of late) expect((await other.get('/auth/me')).status).toBe(401);
      expect(await count('session', id)).toBe(0);
      expect(await count('api_key', id)).toBe(0);
    });
  });

  describe('request in flight when its session ends', () => {
    it.each([
      ['POST', '/auth/password', (password: string) => ({ currentPassword: password, newPassword: NEW })],
      ['DELETE', '/auth/me', (password: string) => ({ password })],
      ['POST', '/auth/api-keys', () => ({ name: 'till' })],
    ])('changes nothing: %s %s', async (method, path, body) => {
      const client = app.client();
      const member = await client.signUpAndLogIn();
      const request = await startRequest(client, method, path, body(member.password));
      expect((await client.post('/auth/logout')).status).toBe(204);
      expect(await request.finish()).toBe(401);
      expect(await count('session', member.id)).toBe(0);
      expect(await count('api_key', member.id)).toBe(0);
      await logInAgain(app.client(), member);
    });
  });
});
