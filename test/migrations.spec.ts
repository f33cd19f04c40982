import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { Env } from '../src/config/index.js';
import { dataSourceOptions, DatabaseSettings, migrate } from '../src/database/index.js';
import { type Finished, ROOT, run } from './support/project.js';

const COPIED = ['src', 'scripts', 'ormconfig.ts', 'package.json', 'nest-cli.json', '.prettierrc.json'];
const COMPILER = ['tsconfig.json', 'tsconfig.build.json'];
/** Building takes long where other programs take the processor too. */
const PATIENCE_MS = 180_000;
const ORDERS = 'src/orders';
const ENTITY = `import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('orders')
export class Order {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 64 })
  table!: string;
}
`;

describe('migrations', () => {
  it('make what the entities say, and nothing else', async () => {
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

describe('migration commands', () => {
  let copy: string;
  let database: string;

  /** Runs `npm run <script>` in a copy of the project that has one more entity, on a database of its own. */
  function npmRun(script: string, args: string[] = [], variables: Record<string, string> = {}): Promise<Finished> {
    return run('npm', ['run', '--silent', script, '--', ...args], {
      cwd: copy,
      variables: { DATABASE_URL: `sqlite:${database}`, ...variables },
    });
  }

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'barista-migrations-'));
    database = join(copy, 'data/orders.db');
    for (const path of [...COPIED, ...COMPILER]) await cp(join(ROOT, path), join(copy, path), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    await mkdir(join(copy, ORDERS, 'entities'), { recursive: true });
    await writeFile(join(copy, ORDERS, 'entities/order.entity.ts'), ENTITY);
    const built = await npmRun('build');
    if (built.code !== 0) throw new Error(`The copy does not compile: ${built.stdout}${built.stderr}`);
  }, PATIENCE_MS);

  afterAll(() => rm(copy, { recursive: true, force: true }));

  it.each(['migration:generate', 'migration:run'])('%s explains itself', async (script) => {
    const { code, stdout } = await npmRun(script, ['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: npm run ${script}`);
  });

  it('refuses a path that no migration would be found at', async () => {
    const { code, stderr } = await npmRun('migration:generate', ['src/CreateOrders']);
    expect(code).toBe(1);
    expect(stderr).toContain('src/orders/migrations/CreateOrders');
  });

  it('names a wrong setting', async () => {
    const { code, stderr } = await npmRun('migration:run', [], { DATABASE_URL: 'mysql://db/barista' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ *DATABASE_URL: expected sqlite:/m);
  });

  it(
    'writes a migration, applies it once, and finds nothing more to write',
    async () => {
      const generated = await npmRun('migration:generate', [`${ORDERS}/migrations/CreateOrders`]);
      expect(generated).toMatchObject({ code: 0, stderr: '' });
      const files = await readdir(join(copy, ORDERS, 'migrations'));
      expect(files).toEqual([expect.stringMatching(/^\d{13}-CreateOrders\.ts$/)]);
      const [file = ''] = files;
      const name = `CreateOrders${file.slice(0, 13)}`;
      const text = await readFile(join(copy, ORDERS, 'migrations', file), 'utf8');
      expect(text).toContain(`export class ${name} implements MigrationInterface`);

      const first = await npmRun('migration:run');
      expect(first.code).toBe(0);
      expect(first.stdout).toContain(`Applied ${name}\n`);
      expect(await columnsOf(database, 'orders')).toEqual(['id', 'table']);
      const second = await npmRun('migration:run');
      expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to apply') as string });

      const again = await npmRun('migration:generate', [`${ORDERS}/migrations/CreateOrdersAgain`]);
      expect(again.code).toBe(1);
      expect(again.stderr).toContain('nothing was written');
      expect(await readdir(join(copy, ORDERS, 'migrations'))).toEqual(files);
    },
    PATIENCE_MS,
  );
});

async function columnsOf(file: string, table: string): Promise<string[]> {
  const dataSource = await new DataSource({ type: 'better-sqlite3', database: file }).initialize();
  const columns = await dataSource.query<{ name: string }[]>(`PRAGMA table_info("${table}")`);
  await dataSource.destroy();
  return columns.map(({ name }) => name);
}
