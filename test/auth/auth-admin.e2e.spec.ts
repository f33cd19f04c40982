import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { Roles } from '../../src/auth/index.js';
import type { Client } from '../support/client.js';
import { type Finished, run } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

@Controller('admin-only')
@Roles('admin')
class AdminOnlyController {
  @Get()
  show(): object {
    return {};
  }
}

describe('npm run admin', () => {
  let directory: string;
  let database: string;
  let app: TestApp;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-admin-'));
    database = `sqlite:${join(directory, 'barista.db')}`;
    app = await startTestApp({ DATABASE_URL: database }, [AdminOnlyController]);
  });

  afterAll(async () => {
    await app.close();
    await rm(directory, { recursive: true, force: true });
  });

  const adminOn = (url: string, ...args: string[]): Promise<Finished> =>
    run(process.execPath, ['dist/src/cli/admin.command.js', ...args], { variables: { DATABASE_URL: url } });
  const admin = (...args: string[]): Promise<Finished> => adminOn(database, ...args);
  const adminOnlyStatus = async (client: Client): Promise<number> => (await client.get('/admin-only')).status;

  it('grants and revokes the administrator role of a running application, effective at the next request', async () => {
    const client = app.client();
    const { email, id } = await client.signUpAndLogIn();
    const { body: key } = await client.post('/auth/api-keys', { name: 'till' });
    const withKey = { headers: { authorization: `Bearer ${key.key}` } };
    expect(await adminOnlyStatus(client)).toBe(403);
    expect((await client.get('/admin-only')).body.code).toBe('auth.forbidden');
    expect(await adminOnlyStatus(app.client())).toBe(401);

    const granted = await admin('grant', email.toUpperCase());
    expect(granted).toMatchObject({ code: 0, stderr: '' });
    expect(granted.stdout).toContain(`"event":"auth.role.changed","memberId":"${id}"`);
    expect(await adminOnlyStatus(client)).toBe(200);
    expect((await app.client().get('/admin-only', withKey)).status).toBe(200);
    expect((await client.get('/auth/me')).body.role).toBe('admin');

    expect((await admin('revoke', email)).code).toBe(0);
    expect(await adminOnlyStatus(client)).toBe(403);
    expect((await app.client().get('/admin-only', withKey)).status).toBe(403);
  });

  it('creates and migrates a missing database, and reports an unknown e-mail', async () => {
    const fresh = `sqlite:${join(directory, 'fresh', 'barista.db')}`;
    const { code, stderr } = await adminOn(fresh, 'grant', 'a@b.example');
    expect(code).toBe(1);
    expect(stderr).toBe('There is no member with the e-mail a@b.example.\n');
  });

  it('prints usage for --help, and explains wrong arguments without a stack trace', async () => {
    const help = await admin('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('grant <email>');
    const mistakes = [[], ['promote', 'a@b.example'], ['--force']];
    const results = await Promise.all(mistakes.map((args) => admin(...args)));
    for (const { code, stdout, stderr } of results) {
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(stderr.length).toBeGreaterThan(10);
    }
  });
});
