import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { logInAgain } from '../support/auth.js';
import type { Client } from '../support/client.js';
import { addMenu, fetchAllPages } from '../support/menus.js';
import { describeUnless } from '../support/describe-unless.js';
import { findPostgres, type PostgresServer, postgresUnavailableReason, startPostgres } from '../support/postgres.js';
import { type Finished, run } from '../support/project.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const COMMAND = 'dist/src/cli/backup.command.js';
const OWNER_ONLY = 0o600;
/** A test starts commands and further applications. */
const TIMEOUT_MS = 60_000;

let directory: string;
let app: TestApp;
let member: Client;
let credentials: { email: string; password: string };

const backUp = (databaseUrl: string, args: string[], variables: Record<string, string> = {}): Promise<Finished> =>
  run(process.execPath, [COMMAND, ...args], { variables: { DATABASE_URL: databaseUrl, ...variables } });

async function begin(databaseUrl: string): Promise<void> {
  app = await startTestApp({ DATABASE_URL: databaseUrl });
  member = app.client();
  credentials = await member.signUpAndLogIn();
  for (const name of ['Americano', 'Latte', 'Gone']) await addMenu(member, { name });
  const { body } = await member.get('/menus?name=gone');
  await member.delete(`/menus/${body.items[0].id}`);
}

/** Runs a backup during writes. Returns the names acknowledged before it started, and its output. */
async function backUpUnderWriters(make: () => Promise<Finished>): Promise<{ names: string[]; finished: Finished }> {
  const before = await fetchAllPages(member, 'limit=100');
  let isOver = false;
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let index = 0; !isOver; index += 1) await addMenu(member, { name: `Meanwhile ${writer} ${index}` });
  });
  const finished = await make();
  isOver = true;
  await Promise.all(writers);
  return { names: before.map(({ name }) => name), finished };
}

/** Expects that the application starts on a restored database and has all acknowledged data. */
async function expectRestored(databaseUrl: string, names: readonly string[]): Promise<void> {
  const restored = await startTestApp({ DATABASE_URL: databaseUrl });
  const client = restored.client();
  await logInAgain(client, credentials);
  const found = (await fetchAllPages(client, 'limit=100')).map(({ name }) => name);
  expect(found.slice(0, names.length)).toEqual(names);
  expect(found).not.toContain('Gone');
  const { id } = await addMenu(client, { name: 'After the restore' });
  expect(id).toBeGreaterThan(3);
  await restored.close();
}

describe('npm run backup on SQLite', () => {
  let database: string;
  let url: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-backup-'));
    database = join(directory, 'barista.db');
    url = `sqlite:${database}`;
    await begin(url);
  });

  afterAll(async () => {
    await app.close();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'takes a consistent copy during writes, on which the application starts',
    async () => {
      const file = join(directory, 'first.db');
      const { names, finished } = await backUpUnderWriters(() => backUp(url, [file]));
      expect(finished).toMatchObject({ code: 0, stderr: '' });
      const { size, mode } = await stat(file);
      expect(finished.stdout).toBe(`The database was copied into ${file}: ${size} bytes, checked.\n`);
      expect(mode & 0o777).toBe(OWNER_ONLY);
      expect(new Sqlite(file, { readonly: true }).pragma('integrity_check', { simple: true })).toBe('ok');
      await expectRestored(`sqlite:${file}`, names);
    },
    TIMEOUT_MS,
  );

  it(
    'replaces an existing file only with --force, and leaves no temporary files',
    async () => {
      const file = join(directory, 'taken', 'kept.db');
      await run('mkdir', [dirname(file)]);
      await writeFile(file, 'mine');
      const refused = await backUp(url, [file]);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toBe(`${file} already exists: choose another name, or use --force to replace it.\n`);
      expect(await readFile(file, 'utf8')).toBe('mine');

      expect(await backUp(url, [file, '--force'])).toMatchObject({ code: 0, stderr: '' });
      expect(await readdir(dirname(file))).toEqual(['kept.db']);
      await expectRestored(`sqlite:${file}`, ['Americano', 'Latte']);
    },
    TIMEOUT_MS,
  );

  it.each(['', '-wal', '-shm', '-open'])(
    'never overwrites a file of the database itself: barista.db%s',
    async (end) => {
      const link = join(directory, `link${end}`);
      await symlink(database + end, link);
      for (const file of [database + end, link]) {
        const { code, stderr } = await backUp(url, [file, '--force']);
        expect({ code, stderr }).toEqual({ code: 1, stderr: `${file} belongs to the database itself.\n` });
      }
      expect((await member.get('/menus?limit=1')).status).toBe(200);
      await addMenu(member, { name: `Unharmed${end}` });
    },
  );

  it(
    'fails on a damaged database, and leaves no copy',
    async () => {
      const damaged = join(directory, 'damaged.db');
      expect((await backUp(url, [damaged])).code).toBe(0);
      const bytes = await readFile(damaged);
      await writeFile(damaged, bytes.fill(0xff, 8192, bytes.length - 4096));
      const { code, stderr } = await backUp(`sqlite:${damaged}`, [join(directory, 'copy.db')]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/malformed|damaged/);
      expect((await readdir(directory)).filter((name) => name.startsWith('copy.db'))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'prints its usage with --help, and a message for wrong arguments',
    async () => {
      const help = await backUp(url, ['--help']);
      expect(help).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('npm run backup -- <file>') });
      const missing = join(directory, 'nowhere', 'a.db');
      const wrong = await Promise.all([
        backUp(url, []),
        backUp(url, ['a', 'b']),
        backUp(url, ['--gzip', 'a']),
        backUp(url, [missing]),
        backUp(`sqlite:${missing}`, [join(directory, 'a.db')]),
        backUp('mysql://db', [join(directory, 'a.db')]),
      ]);
      for (const { code, stdout } of wrong) expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(wrong.map(({ stderr }) => stderr)).toEqual([
        expect.stringContaining('npm run backup -- <file>'),
        expect.stringContaining('npm run backup -- <file>'),
        expect.stringContaining('--gzip'),
        `There is no folder ${dirname(missing)}.\n`,
        `DATABASE_URL: there is no database at ${missing}.\n`,
        expect.stringContaining('DATABASE_URL: expected sqlite:'),
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'names the package to install when pg_dump is missing',
    async () => {
      const file = join(directory, 'archive');
      const { code, stderr } = await backUp('postgres://a:b@127.0.0.1:1/c', [file], { PATH: directory });
      expect(code).toBe(1);
      expect(stderr).toMatch(/pg_dump.*not installed.*postgresql-client/);
    },
    TIMEOUT_MS,
  );
});

const bin = findPostgres();
const describeWithPostgres = describeUnless(postgresUnavailableReason(bin));

describeWithPostgres('npm run backup on PostgreSQL', () => {
  let postgres: PostgresServer;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-backup-'));
    postgres = await startPostgres(bin!);
    await begin(postgres.url);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await app?.close();
    await postgres?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'takes a consistent archive during writes, which can be restored',
    async () => {
      const file = join(directory, 'barista.dump');
      const { names, finished } = await backUpUnderWriters(() => backUp(postgres.url, [file]));
      expect(finished).toMatchObject({ code: 0, stderr: '' });
      expect((await stat(file)).mode & 0o777).toBe(OWNER_ONLY);

      const restoredUrl = postgres.url.replace(/postgres$/, 'restored');
      const create = ['--dbname', postgres.url, '--command', 'CREATE DATABASE restored'];
      expect(await run('psql', create)).toMatchObject({ code: 0 });
      expect(await run('pg_restore', ['--no-owner', '--dbname', restoredUrl, file])).toMatchObject({ code: 0 });
      await expectRestored(restoredUrl, names);
    },
    TIMEOUT_MS,
  );

  it(
    'fails without printing the password when the server is not reachable',
    async () => {
      const file = join(directory, 'nothing');
      const { code, stderr } = await backUp('postgres://ada:dark-roast@127.0.0.1:1/barista', [file]);
      expect(code).toBe(1);
      expect(stderr).toContain('pg_dump failed');
      expect(stderr).not.toContain('dark-roast');
      expect(await readdir(directory)).not.toContainEqual(expect.stringContaining('nothing'));
    },
    TIMEOUT_MS,
  );
});
