import { cp, link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { killLeftovers, makeBundle, ProcessApp } from '../support/process-app.js';
import { ROOT, run } from '../support/project.js';

const ROW = { sepal_length: 5.9, sepal_width: 3.0, petal_length: 5.1, petal_width: 1.8 };

describe('an installation without development packages', () => {
  let folder: string;

  beforeAll(async () => {
    await makeBundle();
    // Inside the project, because hard links need the same file system.
    await mkdir(join(ROOT, 'test/output'), { recursive: true });
    folder = await mkdtemp(join(ROOT, 'test/output/production-'));
    for (const part of ['dist', 'models', 'scripts', 'package.json']) {
      await cp(join(ROOT, part), join(folder, part), { recursive: true });
    }
    await linkPackages(folder);
  }, 120_000);

  afterAll(async () => {
    await killLeftovers();
    await rm(folder, { recursive: true, force: true });
  });

  it('serves the built application', async () => {
    const npm = await ProcessApp.start(
      { MODELS_DIR: './models' },
      { command: ['npm', 'run', '--silent', 'start:prod'], cwd: folder },
    );
    const client = npm.client();
    expect((await client.post('/predict', ROW)).body).toEqual({ result: [2] });
    const common = await client.post('/auth/signup', { email: 'ada@cafe.example', password: 'baseball' });
    expect(common).toMatchObject({ status: 422, body: { errors: [{ type: 'common' }] } });
    await client.signUpAndLogIn();
    expect((await client.post('/menus', { name: 'Americano', price: 4500 })).status).toBe(201);
    expect((await client.get('/docs')).status).toBe(200);
    expect(await npm.stop('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('runs the commands', async () => {
    const DATABASE_URL = `sqlite:${join(folder, 'data/barista.db')}`;
    const args = ['run', '--silent', 'admin', '--', 'grant', 'nobody@cafe.example'];
    const { code, stderr } = await run('npm', args, { cwd: folder, variables: { DATABASE_URL } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('nobody@cafe.example') as string });
  });
});

/** Installs the packages of `npm ci --omit=dev` into `folder`. */
async function linkPackages(folder: string): Promise<void> {
  const { stdout } = await run('npm', ['ls', '--omit=dev', '--all', '--parseable']);
  const packages = stdout.split('\n').filter((path) => path.includes('node_modules'));
  expect(packages.length).toBeGreaterThan(100);
  for (const path of packages) await linkTree(path, join(folder, relative(ROOT, path)));
}

/** Links every file of a package, except nested packages, which are listed on their own. */
async function linkTree(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await linkTree(from, to);
    else await link(from, to);
  }
}
