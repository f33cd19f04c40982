import { Controller, Post } from '@nestjs/common';
import { Authenticated, Roles } from '../../src/auth/index.js';
import { logInAgain, sql } from '../support/auth.js';
import type { ClientResponse, Client } from '../support/client.js';
import { promote } from '../support/menus.js';
import { expectError } from '../support/open-inference.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const MINUTE_MS = 60_000;

@Controller('safe')
class SafeController {
  @Post('open')
  @Authenticated({ fresh: true })
  open(): object {
    return {};
  }

  @Post('move')
  @Authenticated({ session: true, fresh: true })
  move(): object {
    return {};
  }

  @Post('sell')
  @Roles('admin', { fresh: true })
  sell(): object {
    return {};
  }
}

describe('fresh session', () => {
  let app: TestApp;
  let admin: Client;
  let credentials: { id: string; email: string; password: string };
  let bearer: Record<string, string>;

  beforeAll(async () => {
    app = await startTestApp({}, [SafeController]);
  });

  afterAll(() => app.close());

  beforeEach(async () => {
    admin = app.client();
    credentials = await admin.signUpAndLogIn();
    await promote(app, credentials.id);
    const { body } = await admin.post('/auth/api-keys', { name: 'deployment' });
    bearer = { authorization: `Bearer ${body.key}` };
  });

  /** Dates the login of the member back. */
  const age = (minutes: number): Promise<unknown> =>
    sql(
      app,
      `UPDATE session SET "createdAt" = ${Date.now() - minutes * MINUTE_MS} WHERE "memberId" = '${credentials.id}'`,
    );
  const stale = {
    status: 403,
    body: { code: 'auth.fresh-session-required', detail: expect.stringMatching(/^Log in again/) },
  };
  const chooseVersion = (client: Client, headers = {}): Promise<ClientResponse> =>
    client.put('/models/iris/default', { version: '1' }, { headers });
  const control = (verb: string, headers = {}): Promise<ClientResponse> =>
    admin.request('POST', `/v2/repository/models/iris/${verb}`, { headers });

  it('is required to have begun less than 15 minutes ago', async () => {
    await age(14);
    expect((await admin.post('/safe/open')).status).toBe(201);
    await age(15);
    expect(await admin.post('/safe/open')).toMatchObject(stale);
    expect((await admin.get('/auth/me')).status).toBe(200);
  });

  it('is not renewed by mere use', async () => {
    await age(15);
    await sql(app, `UPDATE session SET "lastSeenAt" = ${Date.now()} WHERE "memberId" = '${credentials.id}'`);
    expect(await admin.post('/safe/open')).toMatchObject(stale);
  });

  it('begins with a login or a change of the password', async () => {
    await age(60);
    expect((await (await logInAgain(admin, credentials)).post('/safe/move')).status).toBe(201);
    await age(60);
    expect(await admin.post('/safe/move')).toMatchObject(stale);
    const change = { currentPassword: credentials.password, newPassword: 'a cortado instead, thanks' };
    expect((await admin.post('/auth/password', change)).status).toBe(204);
    expect((await admin.post('/safe/move')).status).toBe(201);
  });

  it('is not required of an API key, unless the operation needs a session', async () => {
    await age(60);
    const till = app.client();
    expect((await till.post('/safe/sell', undefined, { headers: bearer })).status).toBe(201);
    expect((await till.post('/safe/open', undefined, { headers: bearer })).status).toBe(201);
    const { status, body } = await till.post('/safe/move', undefined, { headers: bearer });
    expect([status, body.code]).toEqual([403, 'auth.session-required']);
  });

  it('is required of administrators who create an API key', async () => {
    await age(16);
    expect(await admin.post('/auth/api-keys', { name: 'till' })).toMatchObject(stale);
    expect((await admin.get('/auth/api-keys')).body.items).toHaveLength(1);
    await sql(app, `UPDATE member SET role = 'member' WHERE id = '${credentials.id}'`);
    expect((await admin.post('/auth/api-keys', { name: 'till' })).status).toBe(201);
  });

  it('does not replace the administrator role', async () => {
    const member = app.client();
    await member.signUpAndLogIn();
    expect(await member.post('/safe/sell')).toMatchObject({ status: 403, body: { code: 'auth.forbidden' } });
    expect((await app.client().post('/safe/sell')).status).toBe(401);
  });

  it('is required to choose the default version of a model', async () => {
    await age(16);
    expect(await chooseVersion(admin)).toMatchObject(stale);
    expect((await chooseVersion(app.client(), bearer)).status).toBe(200);
    await logInAgain(admin, credentials);
    expect((await chooseVersion(admin)).status).toBe(200);
  });

  it('is required to load and unload models by the Open Inference Protocol', async () => {
    await age(16);
    for (const verb of ['load', 'unload']) expectError(await control(verb), 403, /^Log in again/);
    expect((await admin.get('/v2/models/iris/ready')).status).toBe(200);
    expect((await admin.request('POST', '/v2/repository/index')).status).toBe(200);
    expect((await control('load', bearer)).status).toBe(200);
    await logInAgain(admin, credentials);
    expect((await control('load')).status).toBe(200);
  });

  it('is documented for each operation that requires it', async () => {
    const { body } = await admin.get('/openapi.json');
    const requiring = Object.entries<Record<string, { responses: Record<string, { description: string }> }>>(body.paths)
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { responses }]) => [`${method} ${path}`, responses] as const),
      )
      .filter(([, responses]) => responses[403]?.description.includes('auth.fresh-session-required'));
    expect(requiring.map(([operation]) => operation)).toEqual(
      expect.arrayContaining([
        'post /auth/api-keys',
        'put /models/{name}/default',
        'post /v2/repository/models/{name}/load',
        'post /v2/repository/models/{name}/unload',
      ]),
    );
  });
});
