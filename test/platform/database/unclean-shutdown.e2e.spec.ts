import { cp, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { addMenu } from '../../support/menus.js';
import { killLeftovers, ProcessApp } from '../../support/process-app.js';
import { run } from '../../support/project.js';

const CHECKING = 'the last shutdown was not clean: checking the database';
const INTACT = 'the database is intact';
/** Each test starts the application two or three times. */
const TIMEOUT_MS = 60_000;
const EMAIL = 'ada@cafe.example';

describe('a start on a SQLite database', () => {
  let directory: string;
  let database: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-unclean-'));
    database = join(directory, 'barista.db');
  });

  afterEach(async () => {
    await killLeftovers();
    await rm(directory, { recursive: true });
  });

  const start = (file = database): Promise<ProcessApp> => ProcessApp.start({}, { databaseUrl: `sqlite:${file}` });
  const messages = (app: ProcessApp): string[] => app.lines.map(({ msg }) => msg);

  /** Starts the application on a database with a member and a menu. */
  async function started(): Promise<ProcessApp> {
    const app = await start();
    const client = app.client();
    await client.post('/auth/signup', { email: EMAIL, password: 'a cup of good coffee' });
    await client.signUpAndLogIn();
    await addMenu(client, { name: 'Americano' });
    return app;
  }

  /** Overwrites the page that a table or index begins with, as a failing disk does. */
  async function damage(name: string): Promise<void> {
    const connection = new Sqlite(database);
    const [size] = connection.prepare('PRAGMA page_size').pluck().all() as number[];
    const root = connection.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(name) as number;
    // Closing the last connection also checkpoints the log into the file.
    connection.close();
    const file = await open(database, 'r+');
    await file.write(Buffer.alloc(size!, 0xaa), 0, size, (root - 1) * size!);
    await file.close();
  }

  it(
    'skips the check after a clean shutdown',
    async () => {
      expect(await (await started()).stop()).toMatchObject({ code: 0 });
      const again = await start();
      expect(messages(again)).not.toContain(CHECKING);
      await again.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'checks the database after SIGKILL, logs the check first, and then serves',
    async () => {
      await (await started()).stop('SIGKILL');
      const again = await start();
      expect(messages(again).slice(0, 3)).toEqual([CHECKING, INTACT, 'listening']);
      expect((await again.client().get('/menus')).body.items).toMatchObject([{ name: 'Americano' }]);
      await again.stop();

      const third = await start();
      expect(messages(third)).not.toContain(CHECKING);
      await third.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'checks the database after SIGKILL although a command has opened and closed it since',
    async () => {
      await (await started()).stop('SIGKILL');
      const variables = { DATABASE_URL: `sqlite:${database}` };
      const granted = await run(process.execPath, ['dist/src/cli/admin.command.js', 'grant', EMAIL], { variables });
      expect(granted).toMatchObject({ code: 0, stderr: '' });
      const again = await start();
      expect(messages(again)).toContain(INTACT);
      await again.stop();
    },
    TIMEOUT_MS,
  );

  it(
    'checks a copy of the files of a running application',
    async () => {
      const app = await started();
      const copy = join(directory, 'copy.db');
      for (const suffix of ['', '-wal']) await cp(database + suffix, copy + suffix);
      const other = await start(copy);
      expect(messages(other)).toContain(INTACT);
      await Promise.all([app.stop(), other.stop()]);
    },
    TIMEOUT_MS,
  );

  it(
    'fails with a message on a damaged database, before it listens',
    async () => {
      await (await started()).stop('SIGKILL');
      await damage('menu');
      const { code, lines, stderr } = await (await ProcessApp.spawn({}, { databaseUrl: `sqlite:${database}` })).ended;
      expect(code).toBe(1);
      expect(lines.map(({ msg }) => msg)).toEqual([CHECKING]);
      expect(stderr).toContain(`${database} is damaged`);
      expect(stderr).toContain('restore a backup: docs/operators.md');
      expect(stderr).not.toContain('    at ');
    },
    TIMEOUT_MS,
  );

  it(
    'fails on a file that is not a database',
    async () => {
      await (await started()).stop('SIGKILL');
      const file = await open(database, 'r+');
      await file.write('this was a database once', 0);
      await file.close();
      const { code, stderr } = await (await ProcessApp.spawn({}, { databaseUrl: `sqlite:${database}` })).ended;
      expect(code).toBe(1);
      expect(stderr).toMatch(/is damaged[\s\S]*not a database/);
    },
    TIMEOUT_MS,
  );

  it(
    'logs the tables that violate a foreign key, and serves',
    async () => {
      await (await started()).stop('SIGKILL');
      const connection = new Sqlite(database);
      connection.pragma('foreign_keys = OFF');
      connection.exec('DELETE FROM member');
      connection.close();
      const again = await start();
      const violation = again.lines.find(({ msg }) => msg === 'the database has rows that violate a foreign key');
      expect(violation).toMatchObject({ level: 'error', tables: expect.arrayContaining(['session']) });
      await again.stop();
    },
    TIMEOUT_MS,
  );
});
