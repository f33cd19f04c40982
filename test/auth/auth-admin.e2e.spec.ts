import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { Roles } from '../../src/auth/index.js';
import type { Client } from '../support/client.js';
import { type Finished, run } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

@Controller('back-room')
@Roles('admin')
class BackRoomController {
  @Get()
  show(): object {
    return {};
  }
}

describe('administrators', () => {
  let directory: string;
  let database: string;
  let app: TestApp;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-admin-'));
    database = `sqlite:${join(directory, 'barista.db')}`;
    app = await startTestApp({ DATABASE_URL: database }, [BackRoomController]);
  });

  afterAll(async () => {
    await app.close();
    await rm(directory, { recursive: true, force: true });
  });

  const adminOn = (url: string, ...args: string[]): Promise<Finished> =>
    run(process.execPath, ['dist/src/cli/admin.command.js', ...args], { variables: { DATABASE_URL: url } });
  const admin = (...args: string[]): Promise<Finished> => adminOn(database, ...args);
  const backRoom = async (client: Client): Promise<number> => (await client.get('/back-room')).status;

  it('are made and unmade while the app runs, from one request to the next', async () => {
    const client = app.client();
    const { email, id } = await client.signUpAndLogIn();
    const { body: key } = await client.post('/auth/api-keys', { name: 'till' });
    const withKey = { headers: { authorization: `Bearer ${key.key}` } };
    expect(await backRoom(client)).toBe(403);
    expect((await client.get('/back-room')).body.code).toBe('auth.forbidden');
    expect(await backRoom(app.client())).toBe(401);

    const granted = await admin('grant', email.toUpperCase());
    expect(granted).toMatchObject({ code: 0, stderr: '' });
    expect(granted.stdout).toContain(`"event":"auth.role.changed","memberId":"${id}"`);
    expect(await backRoom(client)).toBe(200);
    expect((await app.client().get('/back-room', withKey)).status).toBe(200);
    expect((await client.get('/auth/me')).body.role).toBe('admin');

    expect((await admin('revoke', email)).code).toBe(0);
    expect(await backRoom(client)).toBe(403);
    expect((await app.client().get('/back-room', withKey)).status).toBe(403);
  });

  it('are looked for without the app too, on a database that is made for it', async () => {
    const fresh = `sqlite:${join(directory, 'fresh', 'barista.db')}`;
    const { code, stderr } = await adminOn(fresh, 'grant', 'a@b.example');
    expect(code).toBe(1);
    expect(stderr).toBe('There is no member with the e-mail a@b.example.\n');
  });

  it('are explained by --help, and mistakes are told in words', async () => {
    const help = await admin('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('grant <email>');
    const mistakes = [[], ['promote', 'a@b.example'], ['--force']];
    const answers = await Promise.all(mistakes.map((args) => admin(...args)));
    for (const { code, stdout, stderr } of answers) {
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(stderr.length).toBeGreaterThan(10);
    }
  });
});
