import type { Client } from '../support/client.js';
import { ProcessApp } from '../support/process-app.js';

const PASSWORD = 'a flat white, please';
const NEW_PASSWORD = 'a cortado instead, thanks';
const EMAIL = 'barista@cafe.example';

describe('security log of auth', () => {
  let app: ProcessApp;
  let client: Client;

  beforeAll(async () => {
    app = await ProcessApp.start();
    client = app.client();
  });

  afterAll(() => app.stop());

  it('names event, member, address and request, and holds no secret', async () => {
    const { body: member } = await client.post('/auth/signup', { email: EMAIL, password: PASSWORD });
    const failed = await client.post('/auth/login', { email: EMAIL, password: 'not this one' });
    await client.post('/auth/login', { email: 'nobody@cafe.example', password: 'not this one' });
    await client.post('/auth/login', { email: EMAIL, password: PASSWORD });
    const cookies = [...client.cookies.values()];
    const { body: key } = await client.post('/auth/api-keys', { name: 'till' });
    await client.delete('/auth/me', { password: 'x' }, { headers: { authorization: `Bearer ${key.key}` } });
    await client.delete(`/auth/api-keys/${key.id}`);
    await client.post('/auth/password', { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
    cookies.push(...client.cookies.values());
    await client.post('/auth/logout');
    await client.post('/auth/login', { email: EMAIL, password: NEW_PASSWORD });
    const { body: sessions } = await client.get('/auth/sessions');
    await client.delete(`/auth/sessions/${sessions.items[0].id}`);
    await client.post('/auth/login', { email: EMAIL, password: NEW_PASSWORD });
    await client.delete('/auth/me', { password: 'not this one' });
    await client.delete('/auth/me', { password: NEW_PASSWORD });
    await app.line('auth.withdrawn');

    const events = app.lines.filter(({ event }) => event !== undefined);
    expect(events.map(({ event }) => event)).toEqual([
      'auth.signup',
      'auth.login.failed',
      'auth.login.failed',
      'auth.login.succeeded',
      'auth.api-key.created',
      'auth.refused',
      'auth.api-key.ended',
      'auth.password.changed',
      'auth.logout',
      'auth.login.succeeded',
      'auth.session.ended',
      'auth.login.succeeded',
      'auth.refused',
      'auth.withdrawn',
    ]);
    const origin = { memberId: member.id, address: '127.0.0.1', requestId: failed.body.requestId };
    expect(events[1]).toMatchObject(origin);
    expect(events[2]).not.toHaveProperty('memberId');
    for (const event of events.filter((_, index) => index !== 2)) expect(event.memberId).toBe(member.id);
    const log = JSON.stringify(app.lines);
    const secrets = [PASSWORD, NEW_PASSWORD, 'not this one', EMAIL, key.key, ...cookies.map(decodeURIComponent)];
    for (const secret of secrets) expect(log).not.toContain(secret);
    expect(log).not.toMatch(/argon2|s%3A/);
  });

  it('names the member in the log line of an authenticated request', () => {
    const line = app.lines.find(({ path, status }) => path === '/auth/password' && status === 204);
    expect(line).toMatchObject({
      msg: 'request',
      method: 'POST',
      memberId: expect.any(String) as string,
      ms: expect.any(Number) as number,
    });
  });
});
