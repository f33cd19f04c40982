import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DataSource } from 'typeorm';
import { Env } from '../../../src/platform/config/index.js';
import { dataSourceOptions, DatabaseSettings, migrate } from '../../../src/platform/database/index.js';
import { killLeftovers, ProcessApp } from '../../support/process-app.js';
import { type Finished, ROOT, run } from '../../support/project.js';

const PROJECT = ['src', 'scripts', 'ormconfig.ts', 'package.json', '.prettierrc.json'];
const COMPILER = ['tsconfig.json', 'tsconfig.build.json'];
const MIGRATIONS = 'src/orders/migrations';
/** A build takes long on a busy machine. */
const TIMEOUT_MS = 180_000;

describe('migrations', () => {
  it('create exactly the schema that the entities describe', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'barista-schema-'));
    const settings = new DatabaseSettings(new Env({ DATABASE_URL: `sqlite:${join(directory, 'schema.db')}` }));
    const options = await dataSourceOptions(settings);
    await migrate(options);
    const dataSource = await new DataSource(options).initialize();
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();
    await rm(directory, { recursive: true });
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });
});

/** The tests build on one another: they follow CONTRIBUTING.md step by step in a copy of the project. */
describe('the feature that CONTRIBUTING.md adds', () => {
  let copy: string;
  let files: Map<string, string>;

  function npmRun(script: string, args: string[] = [], variables: Record<string, string> = {}): Promise<Finished> {
    const DATABASE_URL = `sqlite:${join(copy, 'data/orders.db')}`;
    return run('npm', ['run', '--silent', script, '--', ...args], {
      cwd: copy,
      variables: { DATABASE_URL, ...variables },
    });
  }

  async function write(isIncluded: (path: string) => boolean): Promise<void> {
    for (const [path, text] of files) {
      if (!isIncluded(path)) continue;
      await mkdir(join(copy, dirname(path)), { recursive: true });
      await writeFile(join(copy, path), text);
    }
  }

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'barista-contributing-'));
    files = filesShownIn(await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8'));
    for (const path of [...PROJECT, ...COMPILER]) await cp(join(ROOT, path), join(copy, path), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(copy, { recursive: true, force: true });
  });

  it(
    'compiles',
    async () => {
      await write((path) => path.startsWith('src/') && !path.startsWith(MIGRATIONS));
      await addOrdersModule(join(copy, 'src/app.module.ts'));
      expect(await npmRun('build')).toMatchObject({ code: 0 });
    },
    TIMEOUT_MS,
  );

  it.each(['migration:generate', 'migration:run'])('explains %s with --help', async (script) => {
    const { code, stdout } = await npmRun(script, ['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: npm run ${script}`);
  });

  it(
    'rejects a path outside a migrations folder, and an invalid setting',
    async () => {
      const path = await npmRun('migration:generate', ['src/CreateOrders']);
      expect(path).toMatchObject({ code: 1, stdout: '' });
      expect(path.stderr).toContain('src/orders/migrations/CreateOrders');
      const setting = await npmRun('migration:run', [], { DATABASE_URL: 'mysql://db/barista' });
      expect(setting).toMatchObject({ code: 1, stdout: '' });
      expect(setting.stderr).toMatch(/^ *DATABASE_URL: expected sqlite:/m);
    },
    TIMEOUT_MS,
  );

  it(
    'generates a migration that compiles and is applied once',
    async () => {
      expect(await npmRun('migration:generate', [`${MIGRATIONS}/CreateOrders`])).toMatchObject({ code: 0, stderr: '' });
      const written = await readdir(join(copy, MIGRATIONS));
      expect(written).toEqual([expect.stringMatching(/^\d{13}-CreateOrders\.ts$/)]);
      const name = `CreateOrders${written.join().slice(0, 13)}`;
      const text = await readFile(join(copy, MIGRATIONS, written.join()), 'utf8');
      expect(text).toContain(`export class ${name} implements MigrationInterface`);

      const first = await npmRun('migration:run');
      expect(first.code).toBe(0);
      expect(first.stdout).toContain(`Applied ${name}\n`);
      const second = await npmRun('migration:run');
      expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to apply') });
    },
    TIMEOUT_MS,
  );

  it(
    'generates no migration and no file when the schema is up to date',
    async () => {
      await rm(join(copy, MIGRATIONS), { recursive: true });
      await write((path) => path.startsWith(MIGRATIONS));
      const before = await readdir(join(copy, MIGRATIONS));
      const { code, stderr } = await npmRun('migration:generate', [`${MIGRATIONS}/CreateMore`]);
      expect(code).toBe(1);
      expect(stderr).toContain('nothing was written');
      expect(await readdir(join(copy, MIGRATIONS))).toEqual(before);
    },
    TIMEOUT_MS,
  );

  it(
    'serves orders',
    async () => {
      // As `npm start` does, with what is stale built first.
      const command = [process.execPath, join(copy, 'scripts/run.mjs'), 'dist/bundle/main.js'] as const;
      const app = await ProcessApp.start({}, { command });
      const client = app.client();
      await client.signUpAndLogIn();
      const { status, body } = await client.post('/orders', { drink: 'Americano', cups: 2 });
      expect(status).toBe(201);
      expect(await client.get(`/orders/${body.id}`)).toMatchObject({ status: 200, body });
      const refused = await client.post('/orders', { drink: 'Americano', cups: 0 });
      expect(refused.body.errors).toMatchObject([{ location: ['body', 'cups'] }]);
      await app.stop();
    },
    TIMEOUT_MS,
  );
});

/** @returns the code blocks that follow a path in bold, by path */
function filesShownIn(markdown: string): Map<string, string> {
  const blocks = markdown.matchAll(/^\*\*`([^`]+\.ts)`\*\*\n\n```ts\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, path = '', text = '']) => [path, text]));
}

async function addOrdersModule(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const listed = text.replace(/(const FEATURES = \[[^\]]*)\]/, '$1, OrdersModule]');
  await writeFile(file, `import { OrdersModule } from './orders/index.js';\n${listed}`);
}
